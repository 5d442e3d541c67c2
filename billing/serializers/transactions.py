"""The public shape of transactions."""

from rest_framework import serializers

from billing.models import (
    Allocation,
    Category,
    Invoice,
    Payment,
    Transaction,
)
from billing.serializers.catalogue import (
    ACCOUNT_EXPANSION,
    COMMON_FIELDS,
    SUPPLIER_EXPANSION,
    CategorySerializer,
    account_field,
    category_field,
    percent_field,
    rate_field,
    supplier_field,
)
from billing.serializers.documents import PaymentSerializer
from bizsuite.api.expansion import Expansion
from bizsuite.api.fields import (
    ApiMoneyField,
    RecordIdField,
    StrictDateField,
)
from bizsuite.api.serializers import (
    RecordSerializer,
    StrictSerializer,
)


class TransactionSerializer(RecordSerializer):
    account_id = account_field()
    category_id = category_field()
    supplier_id = supplier_field(required=False, allow_null=True)
    amount = ApiMoneyField(positive=True)
    tax_rate = percent_field(required=False)
    tax = ApiMoneyField(read_only=True)
    exchange_rate = rate_field(required=False)
    date = StrictDateField()
    payment_id = serializers.IntegerField(read_only=True, allow_null=True)
    invoice_id = RecordIdField(
        source="invoice",
        queryset=Invoice.objects.all(),
        write_only=True,
        required=False,
        help_text="Income only: record it as a payment on this invoice.",
    )

    expandable = {
        "account": ACCOUNT_EXPANSION,
        "category": Expansion("categories", CategorySerializer, Category.objects.all()),
        "supplier": SUPPLIER_EXPANSION,
        "payment": Expansion(
            "payments",
            PaymentSerializer,
            Payment.objects.prefetch_related("allocations", "refunds"),
        ),
    }

    class Meta:
        model = Transaction
        fields = (
            "id",
            "type",
            "account_id",
            "amount",
            "currency",
            "exchange_rate",
            "category_id",
            "supplier_id",
            "description",
            "reference",
            "date",
            "tax_rate",
            "tax",
            "payment_id",
            "invoice_id",
            "reversed_on",
            *COMMON_FIELDS,
        )
        read_only_fields = ("currency", "reversed_on")
        help_texts = {
            "type": "Whether money came in or went out.",
            "account_id": "The account that it came to or went from.",
            "amount": "What moved, tax included, in the account's currency.",
            "currency": "The account's.",
            "exchange_rate": "The organisation's currency for one of its own; that of its date, as"
            " stored, if not given.",
            "category_id": "What for: a category of the same type.",
            "supplier_id": "Of an expense: whom it was paid to.",
            "description": "What it was, in your words.",
            "reference": "What identifies it elsewhere: the number of the supplier's invoice.",
            "date": "When the money moved.",
            "tax_rate": "In percent; 0 if not given.",
            "tax": "The part of the amount that is tax.",
            "payment_id": "The payment that it shows, and changes with.",
            "reversed_on": "The date on which it was taken out of the books.",
        }

    def validate_invoice_id(self, value: Invoice) -> Invoice:
        """No change, but a transaction may be sent again as it was created."""
        paid = Allocation.objects.filter(payment__transaction=self.instance, invoice=value)
        if self.instance is not None and not paid.exists():
            raise serializers.ValidationError("An invoice is named when the income is recorded")
        return value


class ReversalSerializer(StrictSerializer):
    example = {"date": "2024-02-01"}
    date = StrictDateField(
        required=False, help_text="The reversal's date in the books, after a closed period."
    )
