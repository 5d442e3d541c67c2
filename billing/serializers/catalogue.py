"""The public shapes of what documents refer to, and the fields that all of billing shares."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, cast

from rest_framework import serializers

from billing.models import Account, Category, Product, Supplier
from billing.models.tax_categories import TaxCategory
from billing.units import unit_codes
from bizsuite.api.expansion import Expansion
from bizsuite.api.fields import (
    ApiMoneyField,
    ExactNumberField,
    RecordIdField,
    StrictCharField,
    money_number,
)
from bizsuite.api.serializers import RecordSerializer
from bizsuite.identity.models import organisation
from bizsuite.money import (
    EXCHANGE_RATE_MAX,
    EXCHANGE_RATE_PLACES,
    PERCENT_PLACES,
    is_currency,
)
from customers.models import Customer

COMMON_FIELDS = ("external_id", "metadata", "created_at", "updated_at")


def percent_field(**options: Any) -> ExactNumberField:
    """A tax rate in percent, 0 to 100."""
    return ExactNumberField(
        places=PERCENT_PLACES, minimum=Decimal(0), maximum=Decimal(100), **options
    )


def rate_field(**options: Any) -> ExactNumberField:
    """Units of the organisation's currency for one of the record's."""
    return ExactNumberField(
        places=EXCHANGE_RATE_PLACES, maximum=EXCHANGE_RATE_MAX, positive=True, **options
    )


class CurrencyField(StrictCharField):
    """The code of a currency."""

    default_error_messages = {"unknown": "Must be an ISO 4217 currency code, such as EUR"}

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": 3} | options)

    def to_internal_value(self, data: Any) -> str:
        code = super().to_internal_value(data)
        if not is_currency(code):
            self.fail("unknown")
        return code


class UnitField(StrictCharField):
    """A code of UN/ECE Recommendation 20, in capitals."""

    default_error_messages = {
        "unknown": "Must be a code of UN/ECE Recommendation 20, such as C62 (one) or HUR (hour)"
    }
    example = "C62"

    def to_internal_value(self, data: Any) -> str:
        code = super().to_internal_value(data)
        if code not in unit_codes():
            self.fail("unknown")
        return code


TAX_HELP = {
    "tax_category": "`standard` where a rate is charged; at rate 0 `zero`, `exempt`,"
    " `reverse_charge` or `outside_scope`.",
    "tax_exemption_reason": "Printed where no tax is charged: must be given with `exempt`, and"
    " stands by itself with `reverse_charge` and `outside_scope` if not given.",
    "unit": "What is counted, by its code of UN/ECE Recommendation 20: `C62` is one, `HUR` an hour.",
}


def tax_category_field(**options: Any) -> serializers.ChoiceField:
    return serializers.ChoiceField(choices=TaxCategory.choices, **options)


def asked_once(context: Mapping[str, Any], name: str, ask: Callable[[], Any]) -> Any:
    """The answer of `ask()`, kept for all the rows that are shown with this context."""
    kept = cast(dict[str, Any], context)
    if name not in kept:
        kept[name] = ask()
    return kept[name]


def customer_field(**options: Any) -> RecordIdField:
    return RecordIdField(source="customer", queryset=Customer.objects.all(), **options)


def account_field(**options: Any) -> RecordIdField:
    return RecordIdField(source="account", queryset=Account.objects.all(), **options)


def supplier_field(**options: Any) -> RecordIdField:
    return RecordIdField(source="supplier", queryset=Supplier.objects.all(), **options)


def category_field(**options: Any) -> RecordIdField:
    return RecordIdField(source="category", queryset=Category.objects.all(), **options)


class AccountSerializer(RecordSerializer):
    currency = CurrencyField(required=False)
    opening_balance = ApiMoneyField(required=False)
    balance = ApiMoneyField(read_only=True)

    class Meta:
        model = Account
        fields = (
            "id",
            "name",
            "type",
            "currency",
            "opening_balance",
            "balance",
            "archived_at",
            *COMMON_FIELDS,
        )
        read_only_fields = ("archived_at",)
        help_texts = {
            "name": "What you call it.",
            "type": "What kind of account it is.",
            "currency": "The organisation's if not given; cannot change.",
            "opening_balance": "What was in it before the first booking; given once.",
            "balance": "What is in it now, by the books.",
        }


# For every shape that names an account.
ACCOUNT_EXPANSION = Expansion("accounts", AccountSerializer, Account.objects.all())


class CategorySerializer(RecordSerializer):
    class Meta:
        model = Category
        fields = ("id", "name", "type", "archived_at", *COMMON_FIELDS)
        read_only_fields = ("archived_at",)
        help_texts = {
            "name": "What you call it.",
            "type": "Whether income or expenses go there; cannot change.",
        }


class ProductPriceField(ApiMoneyField):
    """A price list has no currency column: prices are in the organisation's currency."""

    def get_attribute(self, instance: Product) -> Decimal:
        currency = asked_once(self.context, "currency", lambda: organisation().currency)
        return money_number(instance.price, currency)


class ProductSerializer(RecordSerializer):
    price = ProductPriceField(minimum=Decimal(0))
    tax_rate = percent_field(required=False)
    tax_category = tax_category_field(required=False)
    unit = UnitField(required=False)

    class Meta:
        model = Product
        fields = (
            "id",
            "name",
            "type",
            "price",
            "tax_rate",
            "tax_category",
            "tax_exemption_reason",
            "unit",
            "description",
            "archived_at",
            *COMMON_FIELDS,
        )
        read_only_fields = ("archived_at",)
        help_texts = {
            "name": "What you call it.",
            "type": "`product` if not given.",
            "price": "Of one, without tax, in the organisation's currency; up to 4 decimals.",
            "tax_rate": "In percent; 0 if not given.",
            "description": "More about it.",
        } | TAX_HELP


class SupplierSerializer(RecordSerializer):
    class Meta:
        model = Supplier
        fields = (
            "id",
            "name",
            "tax_id",
            "email",
            "phone",
            "address",
            "city",
            "zip",
            "country",
            "notes",
            "archived_at",
            *COMMON_FIELDS,
        )
        read_only_fields = ("archived_at",)
        help_texts = {
            "name": "What you call them.",
            "tax_id": "Their number at the tax office.",
            "email": "Where they are written to.",
            "phone": "As it is to be shown; extensions are welcome.",
            "address": "Street and number.",
            "city": "Town or city.",
            "zip": "Postal code; text, because of leading zeros.",
            "country": "Name or code.",
            "notes": "For yourselves.",
            "archived_at": "When it was archived; null: in use.",
        }


SUPPLIER_EXPANSION = Expansion("suppliers", SupplierSerializer, Supplier.objects.all())
