from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizsuite.money import (
    UnknownCurrency,
    currency_decimals,
    format_decimal,
    has_at_most,
    is_currency,
    parse_decimal,
    plain_decimal,
    round_half_up,
    round_money,
)

numbers = st.decimals(allow_nan=False, allow_infinity=False, places=12) | st.integers()
places = st.integers(min_value=0, max_value=10)


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        ("0.005", 2, "0.01"),
        ("-0.005", 2, "-0.01"),
        ("0.0049999999999999999999999999999999", 2, "0.00"),
        ("1.005", 2, "1.01"),
        ("2.5", 0, "3"),
        ("-2.5", 0, "-3"),
        ("1", 2, "1.00"),
        ("-0.001", 2, "0.00"),
        ("-0", 2, "0.00"),
        ("1E+3", 2, "1000.00"),
        ("99999999999999999999999999999999999.995", 2, "100000000000000000000000000000000000.00"),
    ],
)
def test_halves_round_away_from_zero(value, decimals, expected):
    assert str(round_half_up(Decimal(value), decimals)) == expected


@given(numbers, places)
def test_rounding_agrees_with_the_definition_on_fractions(value, decimals):
    rounded = round_half_up(value, decimals)

    unit = Fraction(1, 10**decimals)
    error = Fraction(rounded) - Fraction(value)
    assert abs(error) <= unit / 2
    assert rounded.as_tuple().exponent == -decimals
    if abs(error) == unit / 2:
        assert abs(Fraction(rounded)) > abs(Fraction(value))


@given(numbers)
def test_rounding_is_the_same_in_any_ambient_context(value):
    with localcontext(prec=3):
        in_narrow_context = round_half_up(value, 4)
    assert in_narrow_context == round_half_up(value, 4)


def test_a_quotient_is_rounded_once():
    # As a Decimal of 28 digits, 2/3 would already be rounded.
    assert round_half_up(Fraction(2, 3), 30) == Decimal("0." + "6" * 29 + "7")


@pytest.mark.parametrize("value", [0.1, True, "0.1", None])
def test_only_exact_numbers_are_rounded(value):
    with pytest.raises(TypeError):
        round_half_up(value, 2)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_not_rounded(value):
    with pytest.raises((ValueError, OverflowError)):
        round_half_up(Decimal(value), 2)


def test_a_negative_number_of_places_is_refused():
    with pytest.raises(ValueError, match="places"):
        round_half_up(Decimal(1), -1)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1.0000", "1"),
        ("2.5000", "2.5"),
        ("100", "100"),
        ("1E+2", "100"),
        ("-0.00", "0"),
        ("0E+5", "0"),
        ("-1.10", "-1.1"),
        ("12345678901234567890123456789012345.670", "12345678901234567890123456789012345.67"),
    ],
)
def test_a_plain_decimal_has_no_trailing_zeros_and_no_exponent(value, expected):
    assert str(plain_decimal(Decimal(value))) == expected


@given(numbers)
def test_a_plain_decimal_is_the_same_number(value):
    plain = plain_decimal(value)
    assert plain == value
    assert plain.as_tuple().exponent <= 0


@pytest.mark.parametrize(
    ("value", "minimum_places", "expected"),
    [
        ("12.5000", 2, "12.50"),
        ("0.0125", 2, "0.0125"),
        ("1500", 2, "1500.00"),
        ("1500.0000", 0, "1500"),
        ("0.0000005", 0, "0.0000005"),
        ("-0.0000", 2, "0.00"),
    ],
)
def test_numbers_are_written_as_people_write_them(value, minimum_places, expected):
    assert format_decimal(Decimal(value), minimum_places=minimum_places) == expected


@pytest.mark.parametrize("text", ["0", "+1.5", "-1.5", ".5", "5.", "007", "0.10"])
def test_plain_numbers_are_read_exactly(text):
    assert parse_decimal(text) == Decimal(text)


@pytest.mark.parametrize(
    "text",
    ["", ".", "-", "1e3", "1_000", "1,5", "NaN", "Infinity", "٣", " 1", "1\n", "0x10", "--1"],
)
def test_texts_that_are_no_plain_number_are_refused(text):
    with pytest.raises(ValueError, match="not a plain number"):
        parse_decimal(text)


@pytest.mark.parametrize("value", [0.5, 1.0, True, None, b"1", Fraction(1, 2)])
def test_other_types_are_refused(value):
    with pytest.raises(TypeError):
        parse_decimal(value)


def test_zeros_do_not_count_as_decimals():
    assert has_at_most(Decimal("1.50000"), 1)
    assert not has_at_most(Decimal("1.51"), 1)
    assert has_at_most(Decimal("1E+3"), 0)


@pytest.mark.parametrize(
    ("code", "decimals"),
    [
        ("GBP", 2),
        ("EUR", 2),
        ("JPY", 0),
        ("ISK", 0),
        ("KWD", 3),
        ("CLF", 4),
        # What CLDR, made for showing prices, gives no decimals.
        ("RSD", 2),
        ("ALL", 2),
        ("IQD", 3),
        # Money once, and on old documents still.
        ("DEM", 2),
        ("ITL", 0),
    ],
)
def test_currencies_have_the_decimals_of_iso_4217(code, decimals):
    assert is_currency(code)
    assert currency_decimals(code) == decimals


@pytest.mark.parametrize("code", ["", "gbp", "XYZ", "EURO", "XXX", "XTS", "XAU", "£"])
def test_an_unknown_currency_is_refused_by_name(code):
    assert not is_currency(code)
    with pytest.raises(UnknownCurrency) as refusal:
        round_money(Decimal(1), code)
    assert refusal.value.code == "unknown_currency"
    assert repr(code) in refusal.value.message


def test_what_is_no_text_is_no_currency():
    assert not is_currency(None)
    assert not is_currency(826)
    assert not is_currency(["GBP"])


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("1.005", "GBP", "1.01"),
        ("1.5", "JPY", "2"),
        ("1.0005", "KWD", "1.001"),
        ("3", "EUR", "3.00"),
    ],
)
def test_money_is_rounded_to_the_decimals_of_its_currency(amount, currency, expected):
    assert str(round_money(Decimal(amount), currency)) == expected
