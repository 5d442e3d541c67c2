from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizsuite.money import cumulative_share, split_by_weight

currencies = st.sampled_from([("GBP", 2), ("JPY", 0), ("KWD", 3)])
weights = st.lists(st.decimals(min_value=0, max_value=10**6, places=4), min_size=1, max_size=9)


def split(amount, shares, currency="GBP"):
    return [str(part) for part in split_by_weight(Decimal(amount), shares, currency)]


@pytest.mark.parametrize(
    ("amount", "shares", "expected"),
    [
        ("100.00", [1, 1, 1], ["33.34", "33.33", "33.33"]),
        ("0.05", [1, 1], ["0.03", "0.02"]),
        ("-0.05", [1, 1], ["-0.03", "-0.02"]),
        # The largest remainder gets the cent, not the first part.
        ("1.00", [1, 5], ["0.17", "0.83"]),
        ("0.01", [1, 2, 1], ["0.00", "0.01", "0.00"]),
        ("10.00", [0, 1, 0], ["0.00", "10.00", "0.00"]),
        ("0.02", [0, 1, 1, 1], ["0.00", "0.01", "0.01", "0.00"]),
        ("7", [Decimal("0.5")], ["7.00"]),
        ("0.00", [1, 2], ["0.00", "0.00"]),
    ],
)
def test_an_amount_is_split_by_largest_remainder(amount, shares, expected):
    assert split(amount, shares) == expected


def test_parts_have_the_decimals_of_the_currency():
    assert split("100", [1, 1, 1], "JPY") == ["34", "33", "33"]
    assert split("1", [1, 1, 1], "KWD") == ["0.334", "0.333", "0.333"]


@given(st.integers(min_value=-(10**15), max_value=10**15), weights, currencies)
def test_parts_add_up_and_none_is_a_unit_off(units, shares, currency):
    code, decimals = currency
    amount = Decimal(units).scaleb(-decimals)
    if not any(shares):
        shares = [*shares, Decimal(1)]

    parts = split_by_weight(amount, shares, code)

    assert sum(parts) == amount
    whole = sum(Fraction(share) for share in shares)
    for part, share in zip(parts, shares, strict=True):
        exact = Fraction(amount) * Fraction(share) / whole
        assert abs(Fraction(part) - exact) < Fraction(1, 10**decimals)
        assert part == 0 or (part < 0) == (amount < 0)


@given(st.integers(min_value=0, max_value=10**15), weights)
def test_a_refund_is_split_like_the_payment(units, shares):
    amount = Decimal(units).scaleb(-2)
    shares = [*shares, Decimal(1)]
    assert split_by_weight(-amount, shares, "GBP") == [
        -part for part in split_by_weight(amount, shares, "GBP")
    ]


def test_nothing_can_be_split_over_nothing():
    assert split("0.00", [0, 0]) == ["0.00", "0.00"]
    assert split("0.00", []) == []


@pytest.mark.parametrize("shares", [[], [0], [0, 0]])
def test_an_amount_that_nothing_can_take_is_refused(shares):
    with pytest.raises(ValueError, match="Nothing has a weight"):
        split("0.01", shares)


def test_a_negative_weight_is_refused():
    with pytest.raises(ValueError, match="negative"):
        split("1.00", [2, -1])


def test_a_float_is_no_weight():
    with pytest.raises(TypeError):
        split("1.00", [0.5, 0.5])


def test_an_amount_finer_than_its_currency_is_not_split():
    with pytest.raises(ValueError, match="more decimals than JPY"):
        split("0.5", [1], "JPY")


def test_the_tax_of_an_invoice_follows_its_payments():
    paid = [Decimal(0), Decimal("39.67"), Decimal("79.34"), Decimal("119.00")]

    tax = [
        cumulative_share(Decimal("19.00"), before, after, Decimal("119.00"), "EUR")
        for before, after in pairwise(paid)
    ]

    assert tax == [Decimal("6.33"), Decimal("6.34"), Decimal("6.33")]
    net = [
        after - before - share for (before, after), share in zip(pairwise(paid), tax, strict=True)
    ]
    assert net == [Decimal("33.34"), Decimal("33.33"), Decimal("33.33")]


@given(
    st.integers(min_value=0, max_value=10**9),
    st.lists(st.integers(min_value=0, max_value=10**9), min_size=1, max_size=8),
    currencies,
)
def test_cumulative_shares_add_up_when_the_whole_is_done(units, steps, currency):
    code, decimals = currency
    steps = [*steps, 1]
    total_share = Decimal(units).scaleb(-decimals)
    done = [Decimal(step).scaleb(-decimals) for step in accumulate(steps, initial=0)]

    shares = [
        cumulative_share(total_share, before, after, done[-1], code)
        for before, after in pairwise(done)
    ]

    assert sum(shares) == total_share
    assert all(share >= 0 for share in shares)


def test_a_step_back_takes_back_what_the_step_gave():
    whole = Decimal("119.00")
    forth = cumulative_share(Decimal("19.00"), Decimal("39.67"), Decimal("79.34"), whole, "EUR")
    back = cumulative_share(Decimal("19.00"), Decimal("79.34"), Decimal("39.67"), whole, "EUR")
    assert back == -forth


def test_a_share_finer_than_its_currency_could_not_add_up():
    with pytest.raises(ValueError, match="more decimals than EUR"):
        cumulative_share(Decimal("0.005"), Decimal(0), Decimal(1), Decimal(1), "EUR")


def test_a_float_is_no_part_of_a_whole():
    with pytest.raises(TypeError):
        cumulative_share(Decimal(1), Decimal(0), 0.5, Decimal(1), "EUR")


def test_a_whole_of_nothing_has_no_shares():
    with pytest.raises(ValueError, match="whole"):
        cumulative_share(Decimal(0), Decimal(0), Decimal(0), Decimal(0), "EUR")


def test_shares_are_the_same_in_any_ambient_context():
    amount, shares = Decimal("1234567890.12"), [Decimal("1.2345"), Decimal("9.8765")]
    with localcontext(prec=3):
        in_narrow_context = split_by_weight(amount, shares, "GBP")
    assert in_narrow_context == split_by_weight(amount, shares, "GBP")
