"""A model that only these tests have; its table is made by the fixture in conftest.py."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from bizsuite.money import ExchangeRateField, MoneyField, PercentField, QuantityField, money_value


class Bill(models.Model):
    amount = MoneyField(default=Decimal(0))
    paid = MoneyField(default=Decimal(0))
    discount = MoneyField(null=True, blank=True)
    fee = MoneyField(db_default=Decimal("0.25"))
    quantity = QuantityField(default=Decimal(1))
    tax_rate = PercentField(default=Decimal(0))
    exchange_rate = ExchangeRateField(default=Decimal(1))

    class Meta:
        app_label = "money_tests"
        constraints = [
            models.CheckConstraint(
                name="money_tests_bill_paid_at_most_amount",
                condition=Q(paid__lte=F("amount")),
                violation_error_message="More paid than owed.",
            ),
            models.CheckConstraint(
                name="money_tests_bill_discount_leaves_a_penny",
                condition=Q(discount__isnull=True)
                | Q(discount__lte=F("amount") - money_value(Decimal("0.01"))),
            ),
            models.CheckConstraint(
                name="money_tests_bill_paid_from_zero", condition=Q(paid__gte=Decimal("0.00"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount}"
