"""The public shape of credit notes."""

from rest_framework import serializers

from billing.models import CreditNote, CreditNoteItem, CreditNoteTax, Invoice, InvoiceItem
from billing.models.tax_categories import TaxCategory
from billing.serializers.catalogue import COMMON_FIELDS, percent_field, rate_field
from billing.serializers.documents import INVOICE_EXPANSION
from billing.serializers.items import TaxSerializer
from bizsuite.api.fields import (
    ApiMoneyField,
    ExactNumberField,
    OptionalTextField,
    RecordIdField,
    StrictDateField,
)
from bizsuite.api.serializers import RecordSerializer, StrictListSerializer, StrictSerializer
from bizsuite.money import QUANTITY_MAX, QUANTITY_PLACES
from customers.serializers import CUSTOMER_EXPANSION


class CreditNoteItemSerializer(StrictSerializer, serializers.ModelSerializer):
    """With neither `qty` nor `amount`: all that is left of the item."""

    invoice_item_id = RecordIdField(source="invoice_item", queryset=InvoiceItem.objects.all())
    description = serializers.CharField(source="invoice_item.description", read_only=True)
    qty = ExactNumberField(
        source="quantity",
        places=QUANTITY_PLACES,
        maximum=QUANTITY_MAX,
        positive=True,
        required=False,
        allow_null=True,
        help_text="How many of it; null where only its price was lowered.",
    )
    amount = ApiMoneyField(
        source="total",
        positive=True,
        required=False,
        help_text="Without tax: of the item's `net`.",
    )
    unit = serializers.CharField(source="invoice_item.unit", read_only=True)
    tax_rate = percent_field(source="invoice_item.tax_rate", read_only=True)
    tax_category = serializers.ChoiceField(
        source="invoice_item.tax_category", choices=TaxCategory.choices, read_only=True
    )
    tax_exemption_reason = OptionalTextField(
        source="invoice_item.tax_exemption_reason", read_only=True
    )

    class Meta:
        model = CreditNoteItem
        list_serializer_class = StrictListSerializer
        fields = (
            "id",
            "invoice_item_id",
            "description",
            "qty",
            "amount",
            "unit",
            "tax_rate",
            "tax_category",
            "tax_exemption_reason",
        )
        help_texts = {
            "id": "Names the line.",
            "invoice_item_id": "The item of the invoice that is credited.",
            "description": "The item's.",
            "unit": "The item's.",
            "tax_rate": "The item's, in percent.",
            "tax_category": "The item's.",
            "tax_exemption_reason": "The item's.",
        }


class CreditNoteTaxSerializer(TaxSerializer):
    class Meta(TaxSerializer.Meta):
        model = CreditNoteTax


class CreditNoteSerializer(RecordSerializer):
    credit_note_number = serializers.CharField(source="number", read_only=True)
    invoice_id = RecordIdField(source="invoice", queryset=Invoice.objects.all())
    customer_id = serializers.IntegerField(read_only=True)
    amount = ApiMoneyField(read_only=True)
    date = StrictDateField(required=False)
    exchange_rate = rate_field(read_only=True)
    subtotal = ApiMoneyField(read_only=True)
    tax = ApiMoneyField(read_only=True)
    items = CreditNoteItemSerializer(
        many=True, required=False, help_text="Left out: all that is left of the invoice."
    )
    taxes = CreditNoteTaxSerializer(many=True, read_only=True)
    reason = OptionalTextField()

    expandable = {
        "customer": CUSTOMER_EXPANSION,
        "invoice": INVOICE_EXPANSION,
    }

    class Meta:
        model = CreditNote
        fields = (
            "id",
            "credit_note_number",
            "invoice_id",
            "customer_id",
            "amount",
            "date",
            "currency",
            "exchange_rate",
            "subtotal",
            "tax",
            "items",
            "taxes",
            "reason",
            *COMMON_FIELDS,
        )
        read_only_fields = ("currency",)
        help_texts = {
            "credit_note_number": "Its year is the date's.",
            "invoice_id": "The invoice that is credited.",
            "customer_id": "Whose invoice it is.",
            "amount": "What is taken off the invoice, tax included.",
            "date": "No day before the invoice's; today if not given.",
            "exchange_rate": "The invoice's.",
            "subtotal": "The items added up, without tax.",
            "tax": "The taxes added up.",
            "taxes": "The tax of each category and rate.",
            "reason": "Why, in your words.",
        }
