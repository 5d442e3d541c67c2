from django.db import models

from bizsuite.identity.models import ApiKey


class RateWindow(models.Model):
    """How many requests a key or an address has made in its current hour.

    Used where neither Redis nor the embedded counter file counts; see `throttling`.
    """

    subject = models.CharField(max_length=80, primary_key=True)
    used = models.PositiveBigIntegerField()
    resets_at = models.PositiveBigIntegerField(db_index=True)

    def __str__(self) -> str:
        return self.subject


class UsedNonce(models.Model):
    """A signed request that has been answered; see `nonces`.

    Used where neither Redis nor the embedded file remembers.
    """

    name = models.CharField(max_length=160, primary_key=True)
    expires_at = models.PositiveBigIntegerField(db_index=True)

    def __str__(self) -> str:
        return self.name


class IdempotentAnswer(models.Model):
    """The answer to a POST with an Idempotency-Key, for whoever sends it again; see `idempotency`.

    status is null only inside the transaction that claims the key.
    """

    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    encrypted_body = models.TextField(default="")
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["api_key", "key"], name="api_idempotentanswer_key_claimed_once"
            )
        ]

    def __str__(self) -> str:
        return self.key
