"""How a statement is asked for and shown."""

import datetime
from typing import Any

from rest_framework import serializers

from bizsuite.api.fields import ApiMoneyField, StrictDateField


class StatementQuery(serializers.Serializer):
    """The parameters of a statement."""

    date_from = StrictDateField(
        required=False, help_text="First day, inclusive; from the beginning if not given."
    )
    date_to = StrictDateField(required=False, help_text="Last day, inclusive; today if not given.")

    def validate(self, asked: dict[str, Any]) -> dict[str, Any]:
        first: datetime.date | None = asked.get("date_from")
        last = asked.setdefault("date_to", self.context["today"])
        if first is not None and first > last:
            raise serializers.ValidationError({"date_from": "Must not be after date_to"})
        return asked


class StatementLineSerializer(serializers.Serializer):
    """One thing that changed what the customer owes."""

    date = StrictDateField()
    type = serializers.CharField(
        help_text="What did: invoice, payment, refund, credit_note, reversal."
    )
    document_type = serializers.CharField(
        help_text="The document: invoice, payment, credit_note; of a refund or a reversal, the one "
        "that it takes back."
    )
    document_id = serializers.IntegerField()
    description = serializers.CharField()
    amount = ApiMoneyField(help_text="Positive where the customer owes more by it.")
    balance = ApiMoneyField(help_text="What they owed after it.")


class StatementSerializer(serializers.Serializer):
    """What happened on a customer's account, and what it comes to."""

    customer_id = serializers.IntegerField()
    currency = serializers.CharField()
    date_from = StrictDateField(allow_null=True)
    date_to = StrictDateField()
    opening_balance = ApiMoneyField(help_text="What was owed before the first day.")
    lines = StatementLineSerializer(many=True)
    closing_balance = ApiMoneyField(
        help_text="Outstanding less credit: negative where the customer has paid ahead."
    )
    outstanding = ApiMoneyField(help_text="Owed on invoices at the end of the last day.")
    credit = ApiMoneyField(help_text="Paid and not yet put against an invoice, at that time.")
