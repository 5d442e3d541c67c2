"""The public shapes of invoices and payments."""

from decimal import Decimal

from rest_framework import serializers
from rest_framework.validators import UniqueValidator

from billing.models import (
    Allocation,
    Invoice,
    Payment,
    Refund,
)
from billing.models.invoices import InvoiceStatus
from billing.models.payments import PaymentStatus
from billing.serializers.catalogue import (
    ACCOUNT_EXPANSION,
    COMMON_FIELDS,
    CurrencyField,
    account_field,
    asked_once,
    customer_field,
    rate_field,
)
from billing.serializers.items import (
    InvoiceItemSerializer,
    InvoiceTaxSerializer,
    PricedDocumentFields,
)
from bizsuite.api.expansion import Expansion
from bizsuite.api.fields import (
    ApiMoneyField,
    MetadataField,
    OptionalTextField,
    RecordIdField,
    StrictBooleanField,
    StrictCharField,
    StrictDateField,
)
from bizsuite.api.serializers import (
    RecordSerializer,
    StrictListSerializer,
    StrictSerializer,
)
from bizsuite.identity.models import organisation
from customers.serializers import CUSTOMER_EXPANSION


class InvoiceSerializer(PricedDocumentFields, RecordSerializer):
    invoice_number = StrictCharField(
        source="number", required=False, allow_null=True, max_length=40
    )
    customer_id = customer_field()
    date = StrictDateField(required=False)
    due_date = StrictDateField(required=False)
    currency = CurrencyField(required=False)
    exchange_rate = rate_field(required=False)
    draft = StrictBooleanField(
        write_only=True, required=False, help_text="true: keep it a draft, without a number."
    )
    items = InvoiceItemSerializer(many=True)
    taxes = InvoiceTaxSerializer(many=True, read_only=True)
    subtotal = ApiMoneyField(read_only=True)
    tax = ApiMoneyField(read_only=True)
    amount = ApiMoneyField(read_only=True)
    paid = ApiMoneyField(read_only=True)
    credited = ApiMoneyField(read_only=True)
    written_off = ApiMoneyField(read_only=True)
    balance = ApiMoneyField(read_only=True)
    overdue = serializers.SerializerMethodField()
    recurring_invoice_id = serializers.IntegerField(read_only=True, allow_null=True)
    late_fee_for_id = serializers.IntegerField(read_only=True, allow_null=True)

    expandable = {
        "customer": CUSTOMER_EXPANSION,
    }

    class Meta:
        model = Invoice
        fields = (
            "id",
            "invoice_number",
            "customer_id",
            "amount",
            "status",
            "date",
            "due_date",
            "supply_date",
            "overdue",
            "reference",
            "currency",
            "tax_inclusive",
            "discount_percent",
            "discount_amount",
            "discount",
            "exchange_rate",
            "subtotal",
            "tax",
            "paid",
            "credited",
            "written_off",
            "balance",
            "draft",
            "items",
            "taxes",
            "notes",
            "delivery_email",
            "disputed",
            "reminders_paused",
            "sent_at",
            "reminded_at",
            "late_fee_for_id",
            "imported",
            "recurring_invoice_id",
            "recurring_period",
            *COMMON_FIELDS,
        )
        read_only_fields = ("status", "sent_at", "reminded_at", "imported", "recurring_period")
        help_texts = {
            "invoice_number": "Given when it is issued; a draft has none. Sent with a new invoice: the"
            " number that it had elsewhere, outside of the series here.",
            "customer_id": "Who owes it.",
            "amount": "The grand total, tax included.",
            "status": "Follows from what happens to it.",
            "date": "Its year is the number's; today if not given.",
            "due_date": "The last day to pay; by the organisation's terms if not given.",
            "supply_date": "When it was delivered or done, where that is not the `date`.",
            "exchange_rate": "The organisation's currency for one of its own; that of its date, as"
            " stored, if not given.",
            "overdue": "Whether something is owed after the due date.",
            "subtotal": "The items' `net` added up: after every discount, without tax.",
            "tax": "The taxes added up.",
            "paid": "What was paid on it so far.",
            "credited": "What credit notes took off it.",
            "written_off": "What will not be paid and is no longer asked for.",
            "balance": "What is still owed.",
            "items": "What is charged, at least one line. Sent in a change, they replace all.",
            "taxes": "The tax of each category and rate.",
            "notes": "Printed on the invoice.",
            "delivery_email": "Where it is mailed to; the customer's own address if null.",
            "disputed": "true: the customer objects to it; no reminders and no late fees.",
            "reminders_paused": "true: no reminders until you say otherwise.",
            "sent_at": "When it was last mailed.",
            "reminded_at": "When the customer was last reminded of it.",
            "late_fee_for_id": "Of a late fee: the invoice that was paid late.",
            "recurring_invoice_id": "The recurring invoice that made it.",
            "recurring_period": "The first day of the period that it was made for.",
            "imported": "Whether its number came with it, and is none of the series here.",
        } | PricedDocumentFields.help_texts

    def validate_invoice_number(self, value: str | None) -> str | None:
        """No change, but an invoice may be sent again as it is shown."""
        if self.instance is not None and value != self.instance.number:
            raise serializers.ValidationError("A number is given once, when an invoice is made")
        return value

    def validate_draft(self, value: bool) -> bool:
        """No change, but an invoice may be sent again as it was created."""
        if self.instance is not None and value is not (self.instance.status == InvoiceStatus.DRAFT):
            raise serializers.ValidationError("A draft is issued with POST /invoices/{id}/issue")
        return value

    def get_overdue(self, invoice: Invoice) -> bool:
        today = asked_once(self.context, "today", lambda: organisation().today())
        return invoice.is_overdue(today)


# For every shape that names an invoice.
INVOICE_EXPANSION = Expansion(
    "invoices", InvoiceSerializer, Invoice.objects.prefetch_related("items", "taxes")
)


class AllocationSerializer(StrictSerializer, serializers.ModelSerializer):
    invoice_id = RecordIdField(source="invoice", queryset=Invoice.objects.all())
    amount = ApiMoneyField(currency="payment.currency", positive=True)
    date = StrictDateField(read_only=True)

    class Meta:
        model = Allocation
        list_serializer_class = StrictListSerializer
        fields = ("invoice_id", "amount", "date")
        help_texts = {
            "invoice_id": "The invoice that is paid.",
            "amount": "How much of the payment goes there.",
            "date": "When that counts as paid.",
        }


class RefundSerializer(serializers.ModelSerializer):
    amount = ApiMoneyField(currency="payment.currency", help_text="What went back.")
    amount_sent = ApiMoneyField(
        currency="payment.currency_received",
        help_text="What left the account, in the account's currency.",
    )
    date = StrictDateField(help_text="When it went back.")

    class Meta:
        model = Refund
        fields = ("id", "amount", "amount_sent", "date")
        extra_kwargs = {"id": {"help_text": "Names the refund."}}


class PaymentSerializer(RecordSerializer):
    customer_id = customer_field()
    account_id = account_field(required=False)
    amount = ApiMoneyField(positive=True)
    currency = CurrencyField(required=False)
    exchange_rate = rate_field(required=False)
    amount_received = ApiMoneyField(currency="currency_received", positive=True, required=False)
    date = StrictDateField(required=False)
    allocations = AllocationSerializer(many=True, required=False)
    status = serializers.ChoiceField(choices=PaymentStatus.choices, read_only=True)
    unallocated = ApiMoneyField(read_only=True)
    refunds = RefundSerializer(many=True, read_only=True)
    refunded = ApiMoneyField(read_only=True)

    expandable = {
        "customer": CUSTOMER_EXPANSION,
        "account": ACCOUNT_EXPANSION,
    }

    class Meta:
        model = Payment
        fields = (
            "id",
            "customer_id",
            "account_id",
            "amount",
            "currency",
            "date",
            "status",
            "exchange_rate",
            "amount_received",
            "currency_received",
            "method",
            "reference",
            "notes",
            "allocations",
            "unallocated",
            "refunds",
            "refunded",
            "reversed_at",
            *COMMON_FIELDS,
        )
        read_only_fields = ("currency_received", "reversed_at")
        help_texts = {
            "customer_id": "Who paid.",
            "account_id": "Where the money came to; account 1 if not given.",
            "amount": "What came, all of it, in the currency of the invoices that it pays.",
            "currency": "The invoices' if not given; without any, the account's.",
            "exchange_rate": "The organisation's currency for one of its own on that day; as stored"
            " if not given.",
            "amount_received": "What arrived, where the account is in another currency; at the"
            " rate if not given.",
            "currency_received": "The account's.",
            "date": "When it came; today if not given.",
            "status": "Follows from what happens to it.",
            "method": 'How it came, in your words: "Bank transfer".',
            "reference": "What identifies it elsewhere: a line of a statement, a cheque's number.",
            "notes": "For yourselves.",
            "allocations": "The invoices that it pays; the rest is the customer's credit.",
            "unallocated": "The customer's credit: what no invoice has taken yet.",
            "refunds": "What went back, each time.",
            "refunded": "What went back in all.",
            "reversed_at": "When it was said that it never happened.",
        }


class InvoicePaymentSerializer(StrictSerializer):
    """A payment on one invoice, as it is sent."""

    class Meta:
        help_texts = {
            name: PaymentSerializer.Meta.help_texts[name]
            for name in (
                "amount",
                "exchange_rate",
                "amount_received",
                "date",
                "account_id",
                "method",
                "reference",
                "notes",
            )
        } | {"external_id": str(Payment._meta.get_field("external_id").help_text)}

    amount = ApiMoneyField(positive=True)
    exchange_rate = rate_field(required=False)
    amount_received = ApiMoneyField(positive=True, required=False)
    date = StrictDateField(required=False)
    account_id = account_field(required=False)
    method = OptionalTextField(max_length=50)
    reference = OptionalTextField(max_length=100)
    notes = OptionalTextField()
    external_id = StrictCharField(
        required=False,
        allow_null=True,
        max_length=255,
        validators=[
            UniqueValidator(Payment.objects.all(), message="Another record has this value")
        ],
    )
    metadata = MetadataField()
    allow_credit = StrictBooleanField(
        required=False, help_text="true: what is more than the balance becomes credit."
    )


class AllocateSerializer(StrictSerializer):
    """What is left of a payment, put against invoices."""

    example = {"allocations": [{"invoice_id": 1, "amount": Decimal("500.00")}]}
    allocations = AllocationSerializer(
        many=True, help_text="How much goes to which invoice; no more than is unallocated."
    )
    date = StrictDateField(required=False, help_text="When it counts as paid; today if left out.")


class RefundBodySerializer(StrictSerializer):
    """Money that went back to the customer."""

    example = {"amount": Decimal("100.00"), "date": "2024-02-01"}
    amount = ApiMoneyField(
        required=False, positive=True, help_text="All that is left of the payment if left out."
    )
    date = StrictDateField(required=False, help_text="When it went back; today if left out.")
    exchange_rate = rate_field(
        required=False, help_text="That of the day; the payment's own if left out."
    )
    amount_sent = ApiMoneyField(
        required=False,
        positive=True,
        help_text="What left the account, where that is in another currency.",
    )
