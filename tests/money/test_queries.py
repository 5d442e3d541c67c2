from decimal import Decimal

import pytest
from django.core.exceptions import FieldError
from django.db import connection
from django.db.models import (
    Avg,
    Case,
    Exists,
    F,
    Max,
    Min,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
    When,
    Window,
)
from django.db.models.functions import Abs, Coalesce, Greatest, Least
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bizsuite.money import MONEY_MAX, MoneyField, money_value
from tests.money.models import Bill

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bill_table")]


@pytest.fixture
def bills():
    """0.30 paid 0.10, 20.00 paid in full, 100.0125 not paid."""
    return Bill.objects.bulk_create(
        [
            Bill(amount=Decimal("0.30"), paid=Decimal("0.10")),
            Bill(amount=Decimal(20), paid=Decimal(20), discount=Decimal(5)),
            Bill(amount=Decimal("100.0125")),
        ]
    )


def amounts(queryset):
    return sorted(bill.amount for bill in queryset)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Q(amount=Decimal("0.30")), ["0.30"]),
        (Q(amount="0.30"), ["0.30"]),
        (Q(amount=20), ["20"]),
        (Q(amount__exact=Decimal("0.3001")), []),
        (Q(amount__in=[Decimal("0.3"), 20, Decimal(7)]), ["0.30", "20"]),
        (Q(amount__in=[]), []),
        (Q(amount__gt=20), ["100.0125"]),
        (Q(amount__gte=20), ["20", "100.0125"]),
        (Q(amount__lt=Decimal("100.0125")), ["0.30", "20"]),
        (Q(amount__lte=Decimal("100.0124")), ["0.30", "20"]),
        (Q(amount__range=(Decimal("0.30"), 20)), ["0.30", "20"]),
        (Q(discount__isnull=True), ["0.30", "100.0125"]),
        (Q(discount=None), ["0.30", "100.0125"]),
        (~Q(amount=20), ["0.30", "100.0125"]),
        (Q(paid=F("amount")), ["20"]),
        (Q(paid__lt=F("amount")), ["0.30", "100.0125"]),
        (Q(paid__gte=F("amount") - money_value(Decimal("0.20"))), ["0.30", "20"]),
        (Q(amount__in=[F("paid"), money_value(Decimal("0.30"))]), ["0.30", "20"]),
        (Q(amount__range=(money_value(1), Decimal(50))), ["20"]),
    ],
)
def test_filters_find_exactly(bills, condition, expected):
    assert amounts(Bill.objects.filter(condition)) == [Decimal(amount) for amount in expected]


def test_filters_take_amounts_from_a_subquery(bills):
    paid = Bill.objects.filter(paid__gt=0).values("amount")
    assert amounts(Bill.objects.filter(amount__in=paid)) == [Decimal("0.30"), Decimal(20)]


@pytest.mark.parametrize("lookup", ["contains", "startswith", "iexact", "regex", "icontains"])
def test_text_lookups_are_refused_for_they_would_search_the_stored_digits(bills, lookup):
    with pytest.raises(FieldError, match="Unsupported lookup"):
        Bill.objects.filter(**{f"amount__{lookup}": "3"})


def test_ordering_is_by_value(bills):
    Bill.objects.create(amount=Decimal(3))
    ordered = list(Bill.objects.order_by("-amount").values_list("amount", flat=True))
    assert ordered == [Decimal("100.0125"), Decimal(20), Decimal(3), Decimal("0.30")]


def test_rows_read_in_any_shape_hold_decimals(bills):
    first = bills[0]
    assert Bill.objects.values("amount", "paid").get(pk=first.pk) == {
        "amount": Decimal("0.30"),
        "paid": Decimal("0.10"),
    }
    assert Bill.objects.in_bulk([first.pk])[first.pk].amount == Decimal("0.30")
    assert set(Bill.objects.values_list("discount", flat=True)) == {None, Decimal(5)}
    raw = Bill.objects.raw("SELECT id, amount FROM money_tests_bill WHERE id = %s", [first.pk])
    assert raw[0].amount == Decimal("0.30")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (F("amount") - F("paid"), "0.20"),
        (F("amount") + F("paid") + F("amount"), "0.70"),
        (F("amount") - money_value(Decimal("0.3001")), "-0.0001"),
        (money_value(1) - F("amount"), "0.70"),
        (-F("amount"), "-0.30"),
        (F("amount") * 3, "0.90"),
        (F("amount") + F("discount"), None),
        (F("amount") + Coalesce("discount", money_value(0)), "0.30"),
        (Coalesce("discount", "paid"), "0.10"),
        (Greatest("amount", money_value(Decimal("0.2999"))), "0.30"),
        (Greatest(F("paid") - F("amount"), money_value(0)), "0"),
        (Least("amount", "paid"), "0.10"),
        (Abs(F("paid") - F("amount")), "0.20"),
        (Case(When(paid=0, then=F("amount")), default=money_value(Decimal("7.5"))), "7.5"),
        (Case(When(paid__gt=0, then=F("paid"))), "0.10"),
        (Case(When(paid=0, then=F("paid"))), None),
        (money_value(Decimal("0.0001")), "0.0001"),
        (Value(Decimal("0.10"), output_field=MoneyField()), "0.10"),
        # Each literal fits in four bytes, their sum does not.
        (money_value(200_000) + money_value(200_000), "400000"),
        (money_value(-200_000) * 3, "-600000"),
    ],
)
def test_expressions_give_exact_decimals(bills, expression, expected):
    row = Bill.objects.annotate(result=expression).get(pk=bills[0].pk)
    if expected is None:
        assert row.result is None
    else:
        assert row.result == Decimal(expected)
        assert isinstance(row.result, Decimal)
        assert Bill.objects.annotate(result=expression).filter(pk=row.pk, result=Decimal(expected))


def test_annotations_can_be_filtered_and_ordered(bills):
    open_bills = (
        Bill.objects.annotate(balance=F("amount") - F("paid"))
        .filter(balance__gt=Decimal("0.1999"))
        .order_by("-balance")
    )
    assert [bill.balance for bill in open_bills] == [Decimal("100.0125"), Decimal("0.20")]


def test_aggregates_are_exact(bills):
    assert Bill.objects.aggregate(
        total=Sum("amount"),
        open=Sum(F("amount") - F("paid")),
        smallest=Min("amount"),
        largest=Max("amount"),
        settled=Sum("amount", filter=Q(paid=F("amount"))),
        by_case=Sum(Case(When(paid=0, then=F("amount")), default=money_value(0))),
    ) == {
        "total": Decimal("120.3125"),
        "open": Decimal("100.2125"),
        "smallest": Decimal("0.30"),
        "largest": Decimal("100.0125"),
        "settled": Decimal(20),
        "by_case": Decimal("100.0125"),
    }


def test_a_sum_of_nothing_is_null_or_the_default():
    assert Bill.objects.aggregate(
        bare=Sum("amount"),
        coalesced=Coalesce(Sum("amount"), money_value(0)),
        defaulted=Sum("amount", default=Decimal("1.5")),
    ) == {"bare": None, "coalesced": Decimal(0), "defaulted": Decimal("1.5")}


def test_a_coalesced_sum_of_rows_is_a_decimal(bills):
    total = Bill.objects.aggregate(total=Coalesce(Sum("amount"), money_value(0)))["total"]
    assert str(total) == "120.3125"


def test_groups_are_summed_and_filtered_by_their_sum(bills):
    Bill.objects.create(amount=Decimal("0.70"), quantity=Decimal("2.5"))
    Bill.objects.create(amount=Decimal("0.10"), quantity=Decimal("2.5"))
    groups = Bill.objects.values("quantity").annotate(total=Sum("amount"))

    assert list(groups.filter(total__lt=Decimal("0.8001")).values_list("quantity", "total")) == [
        (Decimal("2.5"), Decimal("0.80"))
    ]


def test_sums_beyond_the_bounds_of_one_amount_are_read():
    Bill.objects.bulk_create([Bill(amount=MONEY_MAX) for _ in range(20)])
    assert Bill.objects.aggregate(total=Sum("amount"))["total"] == MONEY_MAX * 20


def test_subqueries_and_windows_keep_the_unit(bills):
    same_amount = Bill.objects.filter(amount=OuterRef("amount"))
    row = Bill.objects.annotate(
        copied=Subquery(same_amount.values("paid")[:1]),
        running=Window(Sum("amount"), order_by="pk"),
        paid_elsewhere=Exists(Bill.objects.filter(paid__gt=OuterRef("amount"))),
    ).get(pk=bills[0].pk)

    assert (row.copied, row.running) == (Decimal("0.10"), Decimal("0.30"))
    assert row.paid_elsewhere is True


def test_updates_take_expressions_of_the_same_unit(bills):
    Bill.objects.filter(pk=bills[0].pk).update(paid=F("paid") + F("paid"))
    Bill.objects.filter(pk=bills[1].pk).update(discount=money_value(Decimal("0.5")))
    Bill.objects.filter(pk=bills[2].pk).update(
        discount=Subquery(Bill.objects.filter(pk=bills[0].pk).values("paid"))
    )

    assert list(Bill.objects.order_by("pk").values_list("paid", "discount")) == [
        (Decimal("0.20"), None),
        (Decimal(20), Decimal("0.5")),
        (Decimal(0), Decimal("0.20")),
    ]


def test_bulk_updates_write_what_was_set(bills):
    bills[0].paid, bills[1].paid = Decimal("0.30"), Decimal("19.99")
    bills[2].discount = None
    assert Bill.objects.bulk_update(bills, ["paid", "discount"]) == 3
    assert list(Bill.objects.order_by("pk").values_list("paid", flat=True)) == [
        Decimal("0.30"),
        Decimal("19.99"),
        Decimal(0),
    ]


def test_a_query_writes_and_reads_money_through_get_or_create(bills):
    found, created = Bill.objects.get_or_create(amount=Decimal("0.30"))
    assert (found.pk, created) == (bills[0].pk, False)
    made, created = Bill.objects.update_or_create(
        amount=Decimal("8.8"), defaults={"paid": Decimal("0.10")}
    )
    assert created
    made.refresh_from_db()
    assert made.paid == Decimal("0.10")


@pytest.mark.parametrize(
    "condition",
    [
        Q(paid__lt=F("amount") - Decimal("0.10")),
        Q(paid__lt=F("amount") - 1),
        Q(paid=Value(Decimal("0.10"))),
        Q(paid__in=[Value(Decimal("0.10"))]),
        Q(paid__range=(Value(0), Decimal(1))),
        Q(paid__lt=F("quantity")),
        Q(paid__lt=F("amount") * F("quantity")),
        Q(paid__lt=F("amount") / 2),
    ],
)
def test_comparing_money_with_another_unit_is_refused(bills, condition):
    with pytest.raises(FieldError):
        list(Bill.objects.filter(condition))


@pytest.mark.parametrize(
    "expression",
    [
        F("amount") + F("quantity"),
        F("amount") * F("quantity"),
        F("amount") / 3,
        F("amount") * Decimal("1.2"),
        Coalesce("discount", Value(Decimal(0))),
        Coalesce("discount", 0),
    ],
)
def test_expressions_that_mix_units_are_refused(bills, expression):
    with pytest.raises(FieldError):
        list(Bill.objects.annotate(result=expression))


def test_an_average_is_refused_rather_than_rounded(bills):
    with pytest.raises(ValueError, match="computed in Python"):
        Bill.objects.aggregate(average=Avg("amount"))


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(min_value=0, max_value=10**15 - 1), min_size=1, max_size=6))
def test_the_database_adds_like_integers_do(units):
    Bill.objects.all().delete()
    Bill.objects.bulk_create([Bill(amount=Decimal(each).scaleb(-4)) for each in units])

    total = Bill.objects.aggregate(total=Sum("amount"))["total"]

    assert total == Decimal(sum(units)).scaleb(-4)
    assert list(Bill.objects.order_by("amount").values_list("amount", flat=True)) == [
        Decimal(each).scaleb(-4) for each in sorted(units)
    ]


def test_the_column_is_an_integer_on_every_database(bills):
    with connection.cursor() as cursor:
        columns = connection.introspection.get_table_description(cursor, "money_tests_bill")
        types = {
            column.name: connection.introspection.get_field_type(column.type_code, column)
            for column in columns
        }
    assert types["amount"] == types["exchange_rate"] == "BigIntegerField"
