"""The public shapes of what stands on documents."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from billing.models import InvoiceItem, InvoiceTax, Product, QuoteItem, QuoteTax
from billing.models.tax_categories import REASON_MAX_LENGTH, TaxCategory
from billing.serializers.catalogue import (
    TAX_HELP,
    UnitField,
    category_field,
    percent_field,
    tax_category_field,
)
from bizsuite.api.fields import (
    ApiMoneyField,
    ExactNumberField,
    OptionalTextField,
    RecordIdField,
    StrictBooleanField,
    StrictCharField,
)
from bizsuite.api.serializers import StrictListSerializer, StrictSerializer, same_number_or_value
from bizsuite.money import QUANTITY_MAX, QUANTITY_PLACES

DISCOUNT_HELP = {
    "discount_percent": "Taken off, in percent, rounded once; null: none, or an amount.",
    "discount_amount": "Taken off; null: nothing, or a percentage.",
}


def discount_amount_field() -> ApiMoneyField:
    return ApiMoneyField(minimum=Decimal(0), required=False, allow_null=True)


class ItemSerializer(StrictSerializer, serializers.ModelSerializer):
    description = StrictCharField(max_length=500)
    amount = ApiMoneyField(minimum=Decimal(0))
    qty = ExactNumberField(
        source="quantity", places=QUANTITY_PLACES, maximum=QUANTITY_MAX, positive=True
    )
    unit = UnitField(required=False)
    discount_percent = percent_field(required=False, allow_null=True)
    discount_amount = discount_amount_field()
    tax_rate = percent_field(required=False)
    tax_category = tax_category_field(required=False)
    tax_exemption_reason = OptionalTextField(max_length=REASON_MAX_LENGTH)
    total = ApiMoneyField(read_only=True)
    net = ApiMoneyField(read_only=True)
    product_id = RecordIdField(
        source="product", queryset=Product.objects.all(), required=False, allow_null=True
    )
    category_id = category_field(required=False, allow_null=True)

    class Meta:
        list_serializer_class = StrictListSerializer
        fields = (
            "id",
            "description",
            "amount",
            "qty",
            "unit",
            "discount_percent",
            "discount_amount",
            "tax_rate",
            "tax_category",
            "tax_exemption_reason",
            "total",
            "net",
            "product_id",
            "category_id",
        )
        help_texts = {
            "id": "Names the line.",
            "description": "What is printed on the line.",
            "amount": "Price of one, up to 4 decimals; without tax, or with it where the document"
            " is `tax_inclusive`.",
            "qty": "How many; up to 4 decimals.",
            "tax_rate": "In percent; the product's if not given, else 0.",
            "total": "Price by quantity, rounded to the currency's decimals, less its discount.",
            "net": "What it is of the document's `subtotal`: after every discount, without tax.",
            "product_id": "The product that it is.",
            "category_id": 'What its income is booked under; "Sales" if not given.',
            **TAX_HELP,
            **DISCOUNT_HELP,
        }

    def to_internal_value(self, data: Any) -> Any:
        self._sent = data
        return super().to_internal_value(data)

    def _is_unchanged(self, name: str, field: serializers.Field, value: Any) -> bool:
        """`id` and `total` may come back with the items of a PUT, as they are stored."""
        document = self.root.instance
        if document is None:
            return False
        for item in document.items.all():
            if item.pk == self._sent.get("id"):
                return same_number_or_value(type(self)(item).data[name], value)
        return False


class InvoiceItemSerializer(ItemSerializer):
    class Meta(ItemSerializer.Meta):
        model = InvoiceItem


class QuoteItemSerializer(ItemSerializer):
    class Meta(ItemSerializer.Meta):
        model = QuoteItem


class TaxSerializer(serializers.ModelSerializer):
    category = serializers.ChoiceField(
        choices=TaxCategory.choices, help_text="Whether it is taxed, or why it is not."
    )
    rate = percent_field(help_text="In percent.")
    exemption_reason = OptionalTextField(help_text="Printed where no tax is charged.")
    net = ApiMoneyField(help_text="The items with this rate and category, added up, without tax.")
    tax = ApiMoneyField(help_text="The tax on that, rounded once.")

    class Meta:
        fields = ("category", "rate", "exemption_reason", "net", "tax")


class ChargedTaxSerializer(TaxSerializer):
    discount = ApiMoneyField(
        help_text="The part of the document's discount that falls on it, without tax; `net` is"
        " less this."
    )

    class Meta(TaxSerializer.Meta):
        fields = ("category", "rate", "exemption_reason", "discount", "net", "tax")


class InvoiceTaxSerializer(ChargedTaxSerializer):
    class Meta(ChargedTaxSerializer.Meta):
        model = InvoiceTax


class QuoteTaxSerializer(ChargedTaxSerializer):
    class Meta(ChargedTaxSerializer.Meta):
        model = QuoteTax


class PricedDocumentFields(serializers.Serializer):
    """What invoices and quotes say about their prices."""

    tax_inclusive = StrictBooleanField(required=False)
    discount_percent = percent_field(required=False, allow_null=True)
    discount_amount = discount_amount_field()
    discount = ApiMoneyField(read_only=True)

    help_texts = {
        "reference": "The customer's own, such as the number of their order. Printed.",
        "tax_inclusive": "true: the prices include the tax, which is taken out of them.",
        "discount": "What is taken off the items' totals; spread over the rates by what is"
        " charged at them.",
    } | DISCOUNT_HELP
