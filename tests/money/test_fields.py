from contextlib import contextmanager
from decimal import ROUND_DOWN, Decimal, localcontext
from fractions import Fraction

import pytest
from django import forms
from django.core.exceptions import FieldError, ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.db.migrations.writer import MigrationWriter
from django.db.models import F
from hypothesis import given
from hypothesis import strategies as st

from bizsuite.money import (
    EXCHANGE_RATE_MAX,
    MONEY_MAX,
    PERCENT_MAX,
    QUANTITY_MAX,
    ExactDecimalFormField,
    ExchangeRateField,
    MoneyField,
    PercentField,
    QuantityField,
    money_value,
)
from tests.money.models import Bill

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bill_table")]

INEXACT = [0.1, 1.0, True, Fraction(1, 2), b"1"]
NO_NUMBERS = ["NaN", "Infinity", "-Infinity"]
OUT_OF_BOUNDS = ["100000000000", "-100000000000", "99999999999.99991", "1E+30"]
TOO_FINE = ["0.00001", "1.23456", "0.30000000000000004"]


class BillForm(forms.ModelForm):
    class Meta:
        model = Bill
        fields = ["amount", "paid", "discount", "quantity"]


def reread(written, imports):
    """What a migration file with these imports makes of this expression."""
    names = {}
    exec("\n".join(imports), names)
    return eval(written, names)


def stored(column):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM money_tests_bill")
        return cursor.fetchone()[0]


@contextmanager
def refused(*errors, match=None):
    """The block raises, and the test's transaction goes on."""
    with pytest.raises(errors, match=match), transaction.atomic():
        yield


@pytest.mark.parametrize("amount", [MONEY_MAX, -MONEY_MAX, Decimal("0.0001"), Decimal("-0.0001")])
def test_the_smallest_and_the_largest_amounts_come_back_exactly(amount):
    Bill.objects.create(amount=MONEY_MAX, fee=amount)

    bill = Bill.objects.get()
    assert (bill.amount, bill.fee) == (MONEY_MAX, amount)


def test_an_amount_is_stored_as_ten_thousandths():
    Bill.objects.create(amount=Decimal("1500.5"))

    assert stored("amount") == 15005000
    assert str(Bill.objects.get().amount) == "1500.5000"


def test_ints_and_numeric_strings_are_exact_too():
    Bill.objects.create(amount="12.30", paid=7)

    bill = Bill.objects.get()
    assert (bill.amount, bill.paid) == (Decimal("12.3"), Decimal(7))
    assert isinstance(bill.paid, Decimal)


def test_a_negative_zero_is_stored_as_zero():
    Bill.objects.create(amount=Decimal("-0.00"))
    assert str(Bill.objects.get().amount) == "0.0000"


def test_zeros_beyond_the_fourth_decimal_are_no_digits():
    Bill.objects.create(amount=Decimal("1.2500000"))
    assert Bill.objects.get().amount == Decimal("1.25")


@pytest.mark.parametrize("value", INEXACT)
def test_a_float_is_refused_and_nothing_is_written(value):
    with refused(TypeError, match=r"money_tests\.Bill\.amount"):
        Bill.objects.create(amount=value)
    with refused(TypeError):
        Bill.objects.bulk_create([Bill(amount=Decimal(1)), Bill(amount=value)])
    with refused(TypeError):
        money_value(value)
    assert not Bill.objects.exists()


@pytest.mark.parametrize("value", [*NO_NUMBERS, *OUT_OF_BOUNDS, *TOO_FINE])
def test_what_does_not_fit_is_refused_and_nothing_is_written(value):
    with refused(ValueError, match=r"money_tests\.Bill\.amount"):
        Bill.objects.create(amount=Decimal(value))
    with refused(ValueError):
        Bill.objects.create(amount=value)
    assert not Bill.objects.exists()


@pytest.mark.parametrize("value", [*INEXACT, *NO_NUMBERS, *OUT_OF_BOUNDS, *TOO_FINE, "abc", ""])
def test_what_does_not_fit_fails_validation(value):
    with pytest.raises(ValidationError) as refusal:
        Bill(amount=value).full_clean()
    assert list(refusal.value.message_dict) == ["amount"]


@pytest.mark.parametrize("value", [0.1, Decimal("0.00001"), MONEY_MAX + 1])
def test_filters_and_updates_refuse_what_does_not_fit(value):
    Bill.objects.create(amount=Decimal(1))
    with refused(TypeError, ValueError):
        Bill.objects.filter(amount__gte=value)
    with refused(TypeError, ValueError):
        Bill.objects.filter(amount__in=[Decimal(1), value])
    with refused(TypeError, ValueError):
        Bill.objects.update(amount=value)
    assert Bill.objects.get().amount == 1


@given(st.integers(min_value=-(10**15) + 1, max_value=10**15 - 1))
def test_conversion_is_exact_both_ways_in_any_ambient_context(units):
    field = MoneyField()
    with localcontext(prec=3, rounding=ROUND_DOWN):
        amount = field.from_db_value(units, None, connection)
        assert field.get_prep_value(amount) == units
    assert Fraction(amount) == Fraction(units, 10_000)


def test_three_payments_of_a_dime_fill_thirty_cents():
    bill = Bill.objects.create(amount=Decimal("0.30"))
    for _ in range(3):
        assert Bill.objects.filter(paid__lte=F("amount") - money_value(Decimal("0.10"))).update(
            paid=F("paid") + money_value(Decimal("0.10"))
        )

    bill.refresh_from_db()
    assert bill.paid == bill.amount == Decimal("0.30")
    assert Bill.objects.filter(paid=F("amount")).count() == 1


def test_the_database_refuses_a_payment_too_much():
    Bill.objects.create(amount=Decimal("0.30"), paid=Decimal("0.30"))
    with refused(IntegrityError):
        Bill.objects.update(paid=F("paid") + money_value(Decimal("0.0001")))
    assert Bill.objects.get().paid == Decimal("0.30")


def test_a_constraint_with_a_literal_holds_to_the_ten_thousandth():
    Bill.objects.create(amount=Decimal("1.00"), discount=Decimal("0.99"))
    with refused(IntegrityError):
        Bill.objects.update(discount=Decimal("0.9901"))
    assert Bill.objects.get().discount == Decimal("0.99")


def test_constraints_speak_in_full_clean():
    with pytest.raises(ValidationError, match="More paid than owed"):
        Bill(amount=Decimal("0.30"), paid=Decimal("0.3001")).full_clean(exclude=["fee"])
    Bill(amount=Decimal("0.30"), paid=Decimal("0.30")).full_clean(exclude=["fee"])


def test_the_database_fills_in_a_default():
    bill = Bill.objects.create(amount=Decimal(1))
    bill.refresh_from_db()
    assert bill.fee == Decimal("0.25")
    assert stored("fee") == 2500


def test_nothing_is_stored_as_null():
    bill = Bill.objects.create(amount=Decimal(1), discount=None)
    assert stored("discount") is None
    bill.refresh_from_db()
    assert bill.discount is None


@pytest.mark.parametrize(
    ("name", "largest", "smallest"),
    [
        ("quantity", QUANTITY_MAX, "0.0001"),
        ("tax_rate", PERCENT_MAX, "0.0001"),
        ("exchange_rate", EXCHANGE_RATE_MAX, "0.0000000001"),
    ],
)
def test_the_other_exact_fields_keep_their_extremes(name, largest, smallest):
    for value in (largest, -largest, Decimal(smallest)):
        bill = Bill.objects.create(**{name: value})
        bill.refresh_from_db()
        assert getattr(bill, name) == value
    count = Bill.objects.count()
    for value in (largest + Decimal(smallest), Decimal(smallest) / 10):
        with refused(ValueError):
            Bill.objects.create(**{name: value})
    assert Bill.objects.count() == count


def test_a_largest_amount_leaves_room_for_sums_in_a_bigint():
    assert MONEY_MAX * 10**4 * 9223 < 2**63


@pytest.mark.parametrize("field", [MoneyField, QuantityField, PercentField, ExchangeRateField])
def test_migrations_name_the_public_class(field):
    written, imports = MigrationWriter.serialize(field(default=Decimal(0), null=True))
    assert written == (f"bizsuite.money.{field.__name__}(default=Decimal('0'), null=True)")
    assert (
        reread(written, imports).deconstruct() == field(default=Decimal(0), null=True).deconstruct()
    )


def test_migrations_write_constraints_with_money_in_them():
    for constraint in Bill._meta.constraints:
        written, imports = MigrationWriter.serialize(constraint)
        assert reread(written, imports) == constraint
        assert "bizsuite.money.fields" not in written


def test_a_form_reads_exact_decimals():
    form = BillForm({"amount": " 0.30 ", "paid": "0.1", "discount": "", "quantity": "2.5"})

    assert form.is_valid(), form.errors
    bill = form.save()
    assert stored("amount") == 3000
    assert form.cleaned_data["paid"] == Decimal("0.1")
    assert bill.discount is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0.00001", "Ensure that there are no more than 4 decimal places."),
        ("100000000000", "Ensure this value is less than or equal to 99999999999.9999."),
        ("-100000000000", "Ensure this value is greater than or equal to -99999999999.9999."),
        ("1e3", "Enter a number."),
        ("1,5", "Enter a number."),
        ("NaN", "Enter a number."),
        ("abc", "Enter a number."),
        ("", "This field is required."),
    ],
)
def test_a_form_says_what_is_wrong(text, message):
    form = BillForm({"amount": text, "paid": "0", "quantity": "1"})
    assert form.errors == {"amount": [message]}


def test_a_form_reports_what_the_constraints_forbid():
    form = BillForm({"amount": "0.30", "paid": "0.31", "quantity": "1"})
    assert form.errors == {"__all__": ["More paid than owed."]}


def test_a_form_shows_money_with_two_decimals_and_keeps_four():
    bill = Bill.objects.create(
        amount=Decimal("1500"), paid=Decimal("0.0125"), quantity=Decimal("2.5")
    )
    bill.refresh_from_db()
    form = BillForm(instance=bill)

    assert 'value="1500.00"' in str(form["amount"])
    assert 'value="0.0125"' in str(form["paid"])
    assert 'value="2.5"' in str(form["quantity"])
    assert 'step="any"' in str(form["amount"])


def test_a_form_sent_back_unchanged_has_not_changed():
    bill = Bill.objects.create(amount=Decimal("1500"))
    bill.refresh_from_db()
    form = BillForm(
        {"amount": "1500.00", "paid": "0", "discount": "", "quantity": "1.0"}, instance=bill
    )
    assert not form.has_changed()


def test_a_form_field_can_be_narrowed():
    field = MoneyField(verbose_name="price").formfield(maximum=Decimal(10), required=False)
    assert isinstance(field, ExactDecimalFormField)
    assert field.clean("10") == Decimal(10)
    assert field.clean("") is None
    with pytest.raises(ValidationError):
        field.clean("10.01")


def test_money_cannot_be_saved_from_an_expression_without_a_unit():
    Bill.objects.create(amount=Decimal(1))
    for expression in (
        models.Value(Decimal("0.5")),
        F("amount") + Decimal("0.5"),
        F("amount") - 1,
        F("quantity"),
        F("amount") * Decimal("0.5"),
        F("amount") / 2,
    ):
        with refused(FieldError):
            Bill.objects.update(amount=expression)
    assert Bill.objects.get().amount == 1
