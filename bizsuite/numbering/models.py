from django.db import models


class NumberSeries(models.Model):
    """The counter behind INV-2024-001: one row per prefix and year, raised where it is used."""

    prefix = models.CharField(max_length=10)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        # Billing made this table when invoices alone were numbered; its rows stay where they are.
        db_table = "billing_numberseries"
        constraints = [
            models.UniqueConstraint(fields=["prefix", "year"], name="billing_numberseries_once")
        ]

    def __str__(self) -> str:
        return f"{self.prefix}-{self.year}"
