"""The public shape of recurring invoices."""

import itertools
from typing import Any

from rest_framework import serializers

from billing.models import (
    Invoice,
    RecurringInvoice,
    RecurringInvoiceItem,
    RecurringInvoiceTax,
)
from billing.models.recurring import CatchUp, RecurringStatus
from billing.recurrence import Interval
from billing.serializers.catalogue import COMMON_FIELDS, CurrencyField, customer_field
from billing.serializers.items import (
    ChargedTaxSerializer,
    ItemSerializer,
    PricedDocumentFields,
)
from bizsuite.api.fields import (
    ApiMoneyField,
    RecordIdField,
    StrictBooleanField,
    StrictDateField,
    StrictIntegerField,
)
from bizsuite.api.serializers import RecordSerializer, StrictSerializer
from customers.serializers import CUSTOMER_EXPANSION

# How many of the dates to come are shown.
SHOWN_AHEAD = 6
MOST_EVERY, MOST_COUNT, MOST_TERMS = 100, 10_000, 3650


class RecurringInvoiceItemSerializer(ItemSerializer):
    class Meta(ItemSerializer.Meta):
        model = RecurringInvoiceItem


class RecurringInvoiceTaxSerializer(ChargedTaxSerializer):
    class Meta(ChargedTaxSerializer.Meta):
        model = RecurringInvoiceTax


class RecurringInvoiceSerializer(PricedDocumentFields, RecordSerializer):
    customer_id = customer_field(required=False)
    invoice_id = RecordIdField(
        source="invoice",
        queryset=Invoice.objects.all(),
        write_only=True,
        required=False,
        help_text="The invoice to repeat: customer, items and prices are its unless you send some.",
    )
    status = serializers.ChoiceField(choices=RecurringStatus.choices, read_only=True)
    interval = serializers.ChoiceField(choices=Interval.choices)
    every = StrictIntegerField(min_value=1, max_value=MOST_EVERY, required=False)
    start_date = StrictDateField(required=False)
    end_date = StrictDateField(required=False, allow_null=True)
    count = StrictIntegerField(min_value=1, max_value=MOST_COUNT, required=False, allow_null=True)
    upcoming_dates = serializers.SerializerMethodField()
    payment_terms_days = StrictIntegerField(
        min_value=0, max_value=MOST_TERMS, required=False, allow_null=True
    )
    catch_up = serializers.ChoiceField(choices=CatchUp.choices, required=False)
    items = RecurringInvoiceItemSerializer(many=True, required=False)
    currency = CurrencyField(required=False)
    taxes = RecurringInvoiceTaxSerializer(many=True, read_only=True)
    subtotal = ApiMoneyField(read_only=True)
    tax = ApiMoneyField(read_only=True)
    amount = ApiMoneyField(read_only=True)

    expandable = {"customer": CUSTOMER_EXPANSION}

    class Meta:
        model = RecurringInvoice
        fields = (
            "id",
            "customer_id",
            "invoice_id",
            "amount",
            "status",
            "interval",
            "every",
            "start_date",
            "end_date",
            "count",
            "next_date",
            "upcoming_dates",
            "made",
            "payment_terms_days",
            "draft",
            "mail",
            "catch_up",
            "reference",
            "currency",
            "tax_inclusive",
            "discount_percent",
            "discount_amount",
            "discount",
            "subtotal",
            "tax",
            "items",
            "taxes",
            "notes",
            "failure",
            "failure_code",
            "failed_at",
            *COMMON_FIELDS,
        )
        read_only_fields = (
            "next_date",
            "made",
            "failure",
            "failure_code",
            "failed_at",
        )
        help_texts = {
            "customer_id": "Who is invoiced. Required, unless an invoice is repeated.",
            "amount": "The grand total of one invoice, tax included.",
            "status": "Active: invoices are made. Paused: not until resumed. Ended: no more.",
            "interval": "The unit of the rhythm.",
            "every": "Every how many of them; 1 if not given.",
            "start_date": "The date of the first invoice; today if not given. All later dates are"
            " computed from it: after 31 January comes 28 or 29 February, then 31 March. After a"
            " change of the rhythm: where the new one begins.",
            "end_date": "No invoice is for a period that begins after this day.",
            "count": "It ends after so many invoices. Instead of an end_date.",
            "next_date": "When the next invoice is made; null once ended.",
            "upcoming_dates": f"That date and those after it, up to {SHOWN_AHEAD}.",
            "made": "How many invoices were made.",
            "payment_terms_days": "From an invoice's date to its due date; the organisation's"
            " terms if null.",
            "draft": "true: the invoices wait as drafts until somebody issues them.",
            "mail": "true: each invoice is mailed to the customer as soon as it is issued.",
            "catch_up": "`all` (if not given): periods that passed while nothing ran are made up"
            " for, the oldest first, each with its own date. `skip`: only the latest of them is.",
            "currency": "The invoices'; the organisation's if not given. Its rate is each day's.",
            "subtotal": "The items' `net` added up: after every discount, without tax.",
            "tax": "The taxes added up.",
            "items": "What is charged each time, at least one line. Sent in a change, they replace"
            " all. Texts may have placeholders, such as `{{ month }}`.",
            "taxes": "The tax of each category and rate.",
            "notes": "Printed on the invoices; may have placeholders too.",
            "failure": "Why the last attempt did not succeed; null while all is well.",
            "failure_code": "The code of that refusal.",
            "failed_at": "When that was first so.",
        } | PricedDocumentFields.help_texts

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance is None and "invoice" not in attrs:
            missing = {
                name: "This field is required"
                for name, source in (("customer_id", "customer"), ("items", "items"))
                if source not in attrs
            }
            if missing:
                raise serializers.ValidationError(missing)
        return attrs

    def validate_invoice_id(self, value: Invoice) -> Invoice:
        if self.instance is not None:
            raise serializers.ValidationError("An invoice is named when a schedule is made of it")
        return value

    def get_upcoming_dates(self, schedule: RecurringInvoice) -> list[str]:
        dates = itertools.islice(schedule.upcoming(), SHOWN_AHEAD)
        return [date.isoformat() for date in dates]


class ResumeSerializer(StrictSerializer):
    example = {"make_missed": False}
    make_missed = StrictBooleanField(
        required=False,
        help_text="true: make what was missed during the pause too, as `catch_up` says.",
    )
