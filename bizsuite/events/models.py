"""One row per thing that happened: audit trail, history and outbox in one."""

from django.db import models
from django.db.models import Q


class Event(models.Model):
    """What happened to one record, frozen as the API showed it at that moment.

    `payload` is the rendered text and not a JSON column: that would turn 1500.00 into a float
    and reorder the keys, and the hash is over these very bytes.
    """

    # Given by the relay in commit order, gapless. Null until then. Readers follow this and never
    # the id: a lower id may commit later.
    sequence = models.PositiveBigIntegerField(null=True, unique=True, editable=False)
    type = models.CharField(max_length=60)
    resource = models.CharField(max_length=40)
    object_id = models.BigIntegerField()
    object_version = models.PositiveIntegerField()
    payload = models.TextField()
    payload_sha256 = models.CharField(max_length=64)
    # SHA-256 over the previous event's chain hash and this event's own facts.
    chain_sha256 = models.CharField(max_length=64, blank=True, default="")
    # Made with a key that the database does not hold (see sealing.py): over the facts when the
    # event is recorded, over the chain's hash when it is numbered. Null in rows older than that.
    seal = models.BinaryField(null=True, editable=False)
    chain_seal = models.BinaryField(null=True, editable=False)
    # The id of the `event.erased` that took the payload away; null while it is there.
    erased_by = models.BigIntegerField(null=True, editable=False)
    occurred_at = models.DateTimeField()
    # No foreign keys: the trail outlives users and keys.
    actor_name = models.CharField(max_length=150)
    actor_user_id = models.BigIntegerField(null=True)
    actor_key_id = models.BigIntegerField(null=True)
    source = models.CharField(max_length=20)
    request_id = models.CharField(max_length=128, blank=True)
    causation_depth = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["resource", "object_id", "id"], name="events_event_of_object"),
            models.Index(
                fields=["id"], name="events_event_unnumbered", condition=Q(sequence__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.object_id}"


class RelayState(models.Model):
    """How far the relay has numbered; its one row is also the lock between relays."""

    last_sequence = models.PositiveBigIntegerField(default=0)
    last_chain_sha256 = models.CharField(max_length=64, blank=True, default="")
    ran_at = models.DateTimeField(null=True)
    # The first sequence that was sealed. What is before (of an installation older than seals) is
    # held by one hash over all of it, and these two by a seal.
    sealed_from = models.PositiveBigIntegerField(default=1)
    before_sha256 = models.CharField(max_length=64, blank=True, default="")
    before_seal = models.BinaryField(null=True, editable=False)

    def __str__(self) -> str:
        return f"numbered up to {self.last_sequence}"


class ConsumerCursor(models.Model):
    """How far a consumer has read; moves in the same transaction as what the consumer writes."""

    consumer = models.CharField(max_length=60, unique=True)
    sequence = models.PositiveBigIntegerField(default=0)
    ran_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.consumer} has read up to {self.sequence}"
