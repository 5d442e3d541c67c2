from dataclasses import FrozenInstanceError
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizsuite.money import (
    MONEY_MAX,
    AmountTooLarge,
    Line,
    RateTotal,
    UnknownCurrency,
    compute_totals,
    round_half_up,
    split_gross,
)

lines = st.lists(
    st.builds(
        Line,
        amount=st.decimals(min_value=0, max_value=10**6, places=4),
        quantity=st.decimals(min_value="0.0001", max_value=10**4, places=4),
        tax_rate=st.sampled_from([Decimal(rate) for rate in ("0", "5.5", "20", "23")]),
    ),
    max_size=8,
)
currencies = st.sampled_from([("GBP", 2), ("JPY", 0), ("KWD", 3)])


def line(amount, quantity="1", tax_rate="0"):
    return Line(amount=Decimal(amount), quantity=Decimal(quantity), tax_rate=Decimal(tax_rate))


def test_tax_is_taken_once_on_the_sum_of_a_rate():
    totals = compute_totals([line("55.55", tax_rate="23"), line("11.11", tax_rate="23")], "EUR")

    assert totals.lines == (Decimal("55.55"), Decimal("11.11"))
    assert totals.rates == (
        RateTotal(rate=Decimal(23), net=Decimal("66.66"), tax=Decimal("15.33")),
    )
    # Per line it would be 12.78 + 2.56 = 15.34.
    assert totals.tax == Decimal("15.33")
    assert totals.total == Decimal("81.99")


def test_many_of_one_item_are_taxed_together():
    totals = compute_totals([line("348.35", "16", "22")], "EUR")

    assert totals.lines == (Decimal("5573.60"),)
    assert totals.tax == Decimal("1226.19")
    assert totals.total == Decimal("6799.79")


def test_each_line_is_rounded_before_it_is_added():
    totals = compute_totals([line("0.3333", "1.5"), line("0.005"), line("0.005")], "GBP")

    assert totals.lines == (Decimal("0.50"), Decimal("0.01"), Decimal("0.01"))
    assert totals.subtotal == Decimal("0.52")


def test_each_rate_has_its_own_tax_and_no_tax_is_a_rate_too():
    totals = compute_totals(
        [
            line("10", tax_rate="20"),
            line("3"),
            line("1", tax_rate="5"),
            line("5", tax_rate="20.00"),
        ],
        "GBP",
    )

    assert totals.rates == (
        RateTotal(rate=Decimal(0), net=Decimal("3.00"), tax=Decimal("0.00")),
        RateTotal(rate=Decimal(5), net=Decimal("1.00"), tax=Decimal("0.05")),
        RateTotal(rate=Decimal(20), net=Decimal("15.00"), tax=Decimal("3.00")),
    )
    assert (totals.subtotal, totals.tax, totals.total) == (
        Decimal("19.00"),
        Decimal("3.05"),
        Decimal("22.05"),
    )


def test_totals_print_with_the_decimals_of_the_currency():
    yen = compute_totals([line("1000", tax_rate="10")], "JPY")
    dinars = compute_totals([line("1", tax_rate="10")], "KWD")

    assert [str(yen.lines[0]), str(yen.tax), str(yen.total)] == ["1000", "100", "1100"]
    assert [str(dinars.subtotal), str(dinars.total)] == ["1.000", "1.100"]


def test_a_document_without_lines_is_zero():
    totals = compute_totals([], "GBP")

    assert totals.lines == ()
    assert totals.rates == ()
    assert [str(totals.subtotal), str(totals.tax), str(totals.total)] == ["0.00"] * 3


def test_totals_mirror_when_every_amount_is_negative():
    totals = compute_totals([line("-0.005", tax_rate="23"), line("-66.66", tax_rate="23")], "EUR")

    assert totals.lines == (Decimal("-0.01"), Decimal("-66.66"))
    assert totals.total == Decimal("-82.00")


@given(lines, currencies)
def test_totals_agree_with_arithmetic_on_fractions(document, currency):
    code, decimals = currency
    totals = compute_totals(document, code)

    by_rate = {}
    for item, item_total in zip(document, totals.lines, strict=True):
        exact = Fraction(item.amount) * Fraction(item.quantity)
        assert abs(Fraction(item_total) - exact) <= Fraction(1, 2 * 10**decimals)
        by_rate[item.tax_rate] = by_rate.get(item.tax_rate, 0) + Fraction(item_total)
    assert {each.rate: Fraction(each.net) for each in totals.rates} == by_rate
    for each in totals.rates:
        assert each.tax == round_half_up(by_rate[each.rate] * Fraction(each.rate) / 100, decimals)
    assert totals.subtotal == sum(totals.lines)
    assert totals.tax == sum(each.tax for each in totals.rates)
    assert totals.total == totals.subtotal + totals.tax


def test_totals_are_the_same_in_any_ambient_context():
    document = [line("99999.9999", "12345.6789", "23.4567")]
    with localcontext(prec=3):
        in_narrow_context = compute_totals(document, "GBP")
    assert in_narrow_context == compute_totals(document, "GBP")


@pytest.mark.parametrize(
    "document",
    [
        [line("99999999999", "2")],
        [line("99999999999"), line("99999999999")],
        [line("99999999999", tax_rate="20")],
        [line("-99999999999", "2")],
    ],
)
def test_totals_that_no_column_holds_are_refused(document):
    with pytest.raises(AmountTooLarge) as refusal:
        compute_totals(document, "GBP")
    assert (refusal.value.status, refusal.value.code) == (400, "amount_too_large")
    assert str(MONEY_MAX) in refusal.value.message


def test_a_float_is_no_price_and_no_rate():
    with pytest.raises(TypeError):
        compute_totals([Line(amount=0.1)], "GBP")
    with pytest.raises(TypeError):
        compute_totals([Line(amount=Decimal(1), tax_rate=0.1)], "GBP")


def test_totals_need_a_known_currency():
    with pytest.raises(UnknownCurrency):
        compute_totals([line("1")], "gbp")


def test_totals_cannot_be_changed_afterwards():
    totals = compute_totals([line("1")], "GBP")
    with pytest.raises(FrozenInstanceError):
        totals.tax = Decimal(0)


@pytest.mark.parametrize(
    ("gross", "rate", "currency", "net", "tax"),
    [
        ("119.00", "19", "EUR", "100.00", "19.00"),
        ("1500.00", "0", "GBP", "1500.00", "0.00"),
        ("0.01", "20", "GBP", "0.01", "0.00"),
        ("10.00", "7.7", "CHF", "9.29", "0.71"),
        ("-119.00", "19", "EUR", "-100.00", "-19.00"),
        ("1100", "10", "JPY", "1000", "100"),
        ("120", "20", "GBP", "100.00", "20.00"),
    ],
)
def test_tax_inside_an_amount_is_taken_out(gross, rate, currency, net, tax):
    parts = split_gross(Decimal(gross), Decimal(rate), currency)
    assert [str(part) for part in parts] == [net, tax]


@given(
    st.integers(min_value=-(10**13), max_value=10**13),
    st.decimals(min_value=0, max_value=100, places=4),
)
def test_net_and_tax_always_add_up(cents, rate):
    gross = Decimal(cents).scaleb(-2)
    net, tax = split_gross(gross, rate, "GBP")
    assert net + tax == gross
    assert abs(Fraction(net) * (100 + Fraction(rate)) / 100 - Fraction(gross)) <= Fraction(1, 100)


def test_an_amount_finer_than_its_currency_is_not_split():
    with pytest.raises(ValueError, match="more decimals than GBP"):
        split_gross(Decimal("1.005"), Decimal(20), "GBP")


def test_a_float_is_no_rate_inside_an_amount():
    with pytest.raises(TypeError):
        split_gross(Decimal("119.00"), 19.0, "EUR")


def test_a_rate_that_leaves_nothing_is_refused():
    with pytest.raises(ValueError, match="-100"):
        split_gross(Decimal(1), Decimal(-100), "GBP")
