"""The public shapes of what stands on documents."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from billing.models import InvoiceItem, InvoiceTax, Product, QuoteItem, QuoteTax
from billing.serializers.catalogue import category_field, percent_field
from bizsuite.api.fields import ApiMoneyField, ExactNumberField, RecordIdField, StrictCharField
from bizsuite.api.serializers import StrictListSerializer, StrictSerializer, same_number_or_value
from bizsuite.money import QUANTITY_MAX, QUANTITY_PLACES


class ItemSerializer(StrictSerializer, serializers.ModelSerializer):
    description = StrictCharField(max_length=500)
    amount = ApiMoneyField(minimum=Decimal(0))
    qty = ExactNumberField(
        source="quantity", places=QUANTITY_PLACES, maximum=QUANTITY_MAX, positive=True
    )
    tax_rate = percent_field(required=False)
    total = ApiMoneyField(read_only=True)
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
            "tax_rate",
            "total",
            "product_id",
            "category_id",
        )
        help_texts = {
            "id": "Names the line.",
            "description": "What is printed on the line.",
            "amount": "Price of one, without tax; up to 4 decimals.",
            "qty": "How many; up to 4 decimals.",
            "tax_rate": "In percent; the product's if not given, else 0.",
            "total": "Price by quantity, rounded to the currency's decimals; without tax.",
            "product_id": "The product that it is.",
            "category_id": 'What its income is booked under; "Sales" if not given.',
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
    rate = percent_field(help_text="In percent.")
    net = ApiMoneyField(help_text="The items with this rate, added up.")
    tax = ApiMoneyField(help_text="The tax on that, rounded once.")

    class Meta:
        fields = ("rate", "net", "tax")


class InvoiceTaxSerializer(TaxSerializer):
    class Meta(TaxSerializer.Meta):
        model = InvoiceTax


class QuoteTaxSerializer(TaxSerializer):
    class Meta(TaxSerializer.Meta):
        model = QuoteTax
