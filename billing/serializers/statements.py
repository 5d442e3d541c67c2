"""How a statement is asked for and shown."""

import datetime
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from billing.serializers.catalogue import CurrencyField
from bizsuite.api.fields import ApiMoneyField, StrictDateField


class StatementQuery(serializers.Serializer):
    """The parameters of a statement."""

    date_from = StrictDateField(
        required=False, help_text="First day, inclusive; from the beginning if not given."
    )
    date_to = StrictDateField(required=False, help_text="Last day, inclusive; today if not given.")
    currency = CurrencyField(
        required=False,
        help_text="Only what is in this one; the organisation's if not given, or the customer's.",
    )

    def validate(self, asked: dict[str, Any]) -> dict[str, Any]:
        first: datetime.date | None = asked.get("date_from")
        last = asked.setdefault("date_to", self.context["today"])
        if first is not None and first > last:
            raise serializers.ValidationError({"date_from": "Must not be after date_to"})
        return asked


class StatementLineSerializer(serializers.Serializer):
    """One thing that changed what the customer owes."""

    date = StrictDateField(help_text="When it counts.")
    type = serializers.CharField(
        help_text="What did: invoice, payment, refund, credit_note, write_off, reversal."
    )
    document_type = serializers.CharField(
        help_text="The document: invoice, payment, credit_note, write_off; of a refund or a reversal, the one "
        "that it takes back."
    )
    document_id = serializers.IntegerField(help_text="The document's id.")
    description = serializers.CharField(help_text="What it was, in a few words.")
    amount = ApiMoneyField(help_text="Positive where the customer owes more by it.")
    balance = ApiMoneyField(help_text="What they owed after it.")


class StatementSerializer(serializers.Serializer):
    """What happened on a customer's account, and what it comes to."""

    example = {
        "customer_id": 1,
        "currency": "USD",
        "currencies": ["USD"],
        "date_from": "2024-01-01",
        "date_to": "2024-01-31",
        "opening_balance": Decimal("0.00"),
        "lines": [
            {
                "date": "2024-01-15",
                "type": "invoice",
                "document_type": "invoice",
                "document_id": 1,
                "description": "INV-2024-001",
                "amount": Decimal("1500.00"),
                "balance": Decimal("1500.00"),
            },
            {
                "date": "2024-01-20",
                "type": "payment",
                "document_type": "payment",
                "document_id": 1,
                "description": "Bank transfer",
                "amount": Decimal("-1000.00"),
                "balance": Decimal("500.00"),
            },
        ],
        "closing_balance": Decimal("500.00"),
        "outstanding": Decimal("500.00"),
        "credit": Decimal("0.00"),
    }
    customer_id = serializers.IntegerField(help_text="Whose statement it is.")
    currency = serializers.CharField(help_text="The currency that all its amounts are in.")
    currencies = serializers.ListField(
        child=serializers.CharField(),
        help_text="All that the account has been in; each has a statement of its own.",
    )
    date_from = StrictDateField(allow_null=True, help_text="First day; null: from the beginning.")
    date_to = StrictDateField(help_text="Last day.")
    opening_balance = ApiMoneyField(help_text="What was owed before the first day.")
    lines = StatementLineSerializer(
        many=True, help_text="What changed it, in the order of the dates."
    )
    closing_balance = ApiMoneyField(
        help_text="Outstanding less credit: negative where the customer has paid ahead."
    )
    outstanding = ApiMoneyField(help_text="Owed on invoices at the end of the last day.")
    credit = ApiMoneyField(help_text="Paid and not yet put against an invoice, at that time.")
