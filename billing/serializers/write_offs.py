"""The public shape of write-offs."""

from decimal import Decimal

from rest_framework import serializers
from rest_framework.validators import UniqueValidator

from billing.models import WriteOff
from billing.serializers.catalogue import COMMON_FIELDS
from billing.serializers.documents import INVOICE_EXPANSION
from bizsuite.api.fields import (
    ApiMoneyField,
    MetadataField,
    OptionalTextField,
    StrictCharField,
    StrictDateField,
)
from bizsuite.api.serializers import RecordSerializer, StrictSerializer
from customers.serializers import CUSTOMER_EXPANSION


class WriteOffSerializer(RecordSerializer):
    invoice_id = serializers.IntegerField(read_only=True)
    customer_id = serializers.IntegerField(read_only=True)
    amount = ApiMoneyField(read_only=True)
    date = StrictDateField(read_only=True)
    reason = OptionalTextField(read_only=True)

    expandable = {
        "customer": CUSTOMER_EXPANSION,
        "invoice": INVOICE_EXPANSION,
    }

    class Meta:
        model = WriteOff
        fields = (
            "id",
            "invoice_id",
            "customer_id",
            "amount",
            "currency",
            "date",
            "reason",
            "reversed_on",
            *COMMON_FIELDS,
        )
        read_only_fields = ("currency", "reversed_on")
        help_texts = {
            "invoice_id": "The invoice of which this will not be paid.",
            "customer_id": "Who owed it.",
            "amount": "What is no longer asked for, tax included.",
            "date": "When it was given up.",
            "reason": "Why, in your words.",
            "reversed_on": "The date on which it was taken back: they pay after all.",
        }


class WriteOffBodySerializer(StrictSerializer):
    """What will not be paid of an invoice."""

    example = {
        "amount": Decimal("500.00"),
        "date": "2024-06-30",
        "reason": "The company was dissolved",
    }
    amount = ApiMoneyField(required=False, positive=True, help_text="All that is owed if left out.")
    date = StrictDateField(
        required=False, help_text="No day before the invoice's; today if left out."
    )
    reason = OptionalTextField(help_text="Why, in your words.")
    external_id = StrictCharField(
        required=False,
        allow_null=True,
        max_length=255,
        help_text=str(WriteOff._meta.get_field("external_id").help_text),
        validators=[
            UniqueValidator(WriteOff.objects.all(), message="Another record has this value")
        ],
    )
    metadata = MetadataField()
