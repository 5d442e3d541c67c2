"""What reports are asked with, and how they answer."""

from decimal import Decimal
from typing import Any

from django.db import models
from rest_framework import serializers

from billing.models.ledger import Basis
from bizsuite.api.fields import ApiMoneyField, StrictDateField
from bizsuite.money import is_currency


class ReportBasis(models.TextChoices):
    """The bases of accounting that a report can be on; a posting may count on both."""

    CASH = Basis.CASH
    ACCRUAL = Basis.ACCRUAL


class QueryNumberField(serializers.IntegerField):
    """A whole number in a query: digits and nothing else."""

    default_error_messages = {"invalid": "Must be a whole number"}

    def to_internal_value(self, data: Any) -> int:
        if not (isinstance(data, str) and data.isascii() and data.isdigit() and len(data) < 10):
            self.fail("invalid")
        return int(data)


class FinancialQuery(serializers.Serializer):
    """The parameters of the financial summary."""

    year = QueryNumberField(
        required=False, min_value=1, max_value=9999, help_text="The whole year, or its `month`."
    )
    month = QueryNumberField(
        required=False, min_value=1, max_value=12, help_text="1 to 12; alone, of this year."
    )
    basis = serializers.ChoiceField(
        choices=ReportBasis.choices,
        default=ReportBasis.CASH.value,
        help_text="cash: when money moves; accrual: when it is earned.",
    )
    currency = serializers.CharField(
        required=False, help_text="Only documents in this currency, unconverted."
    )

    def validate_currency(self, value: str) -> str:
        if not is_currency(value):
            raise serializers.ValidationError("Must be an ISO 4217 currency code")
        return value


class FinancialSummarySerializer(serializers.Serializer):
    """Income and expenses net of tax; what customers owed at the period's end."""

    example = {
        "income": Decimal("15000.00"),
        "expenses": Decimal("5000.00"),
        "profit": Decimal("10000.00"),
        "outstanding_invoices": Decimal("3000.00"),
        "currency": "USD",
        "basis": "cash",
        "date_from": "2024-01-01",
        "date_to": "2024-12-31",
    }
    income = ApiMoneyField(help_text="Without tax.")
    expenses = ApiMoneyField(
        help_text="Without tax; on the accrual basis with what was written off."
    )
    profit = ApiMoneyField(
        help_text="Income less expenses; gains and losses by exchange rates are in neither."
    )
    outstanding_invoices = ApiMoneyField(
        source="outstanding", help_text="What customers owed at the period's end, tax included."
    )
    currency = serializers.CharField(help_text="The currency that all its amounts are in.")
    basis = serializers.ChoiceField(
        choices=ReportBasis.choices, help_text="When money counts: as it was asked."
    )
    date_from = StrictDateField(
        source="period.first", allow_null=True, help_text="First day; null: from the beginning."
    )
    date_to = StrictDateField(
        source="period.last", allow_null=True, help_text="Last day; null: without an end."
    )
