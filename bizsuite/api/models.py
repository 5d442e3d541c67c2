from django.db import models


class RateWindow(models.Model):
    """How many requests a key or an address has made in its current hour.

    Used where neither Redis nor the embedded counter file counts; see `throttling`.
    """

    subject = models.CharField(max_length=80, primary_key=True)
    used = models.PositiveBigIntegerField()
    resets_at = models.PositiveBigIntegerField(db_index=True)

    def __str__(self) -> str:
        return self.subject
