import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.dateparse import parse_datetime
from rest_framework import serializers

from bizsuite.api.fields import (
    ExactNumberField,
    InstantField,
    OptionalTextField,
    StrictBooleanField,
    StrictCharField,
    parse_date,
)
from bizsuite.api.serializers import RecordSerializer, StrictSerializer
from webhooks.event_types import WEBHOOK
from webhooks.models import Delivery, DeliveryAttempt, WebhookEndpoint


class EventPatternsField(serializers.ListField):
    child = StrictCharField(max_length=60)
    default_error_messages = {
        "not_a_list": "Must be a list of event names",
        "empty": "Name at least one event",
    }


class EndpointSerializer(RecordSerializer):
    events = EventPatternsField(allow_empty=False, max_length=100)
    disabled_reason = OptionalTextField(read_only=True, help_text="by_hand, gone or failing.")
    paused_reason = OptionalTextField(read_only=True, help_text="by_hand or backlog.")
    catching_up = serializers.BooleanField(
        read_only=True,
        help_text="true: deliveries of earlier events are still to be made, as its queue drains.",
    )

    class Meta:
        model = WebhookEndpoint
        fields: tuple[str, ...] = (
            "id",
            "url",
            "events",
            "active",
            "disabled_at",
            "disabled_reason",
            "failing_since",
            "paused_at",
            "paused_reason",
            "missed_since",
            "catching_up",
            "previous_secret_until",
            "external_id",
            "metadata",
            "created_at",
            "updated_at",
        )
        read_only_fields = (
            "disabled_at",
            "failing_since",
            "paused_at",
            "missed_since",
            "previous_secret_until",
        )
        help_texts = {
            "url": "Where messages are sent: `https`, and public.",
            "events": "Which events: names, all of a kind (`invoice.*`), or all there are (`*`).",
            "active": "false: switched off, nothing is sent.",
            "disabled_at": "When it was switched off.",
            "failing_since": "Since when no attempt has succeeded.",
            "paused_at": "When it was paused: nothing is sent until it is resumed.",
            "missed_since": "What it missed while it was off begins here; null: nothing, or settled.",
            "previous_secret_until": "Until then the secret before the last rotation signs too.",
        }


class EndpointWithSecretSerializer(EndpointSerializer):
    """The only shape with the signing secret: the answer to its creation and rotation."""

    example = WEBHOOK | {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
    secret = serializers.CharField(read_only=True, help_text="Signs the messages; shown this once.")

    class Meta(EndpointSerializer.Meta):
        fields = (*EndpointSerializer.Meta.fields, "secret")


class DeliverySerializer(RecordSerializer):
    """`message_id` is the `webhook-id` header that the receiver saw."""

    example: Mapping[str, Any] = {
        "id": 1,
        "webhook_id": 1,
        "message_id": "msg_2kxq8d1n5m7r9t3v6w0z4y8b1c",
        "event": "invoice.created",
        "subject": "invoice:1",
        "status": "succeeded",
        "attempts": 1,
        "next_attempt_at": None,
        "response_status": 200,
        "error": None,
        "delivered_at": "2024-01-15T10:00:01Z",
        "created_at": "2024-01-15T10:00:00Z",
    }
    metadata = None  # type: ignore[assignment]  # DRF's way to drop an inherited field
    webhook_id = serializers.IntegerField(source="endpoint_id", read_only=True)
    event = serializers.CharField(source="event.type", read_only=True)

    class Meta:
        model = Delivery
        fields: tuple[str, ...] = (
            "id",
            "webhook_id",
            "message_id",
            "event",
            "subject",
            "status",
            "attempts",
            "next_attempt_at",
            "response_status",
            "error",
            "delivered_at",
            "created_at",
        )
        read_only_fields = fields
        help_texts = {
            "webhook_id": "The webhook that it is for.",
            "message_id": "The `webhook-id` header that the receiver sees.",
            "event": "The event that it tells of.",
            "subject": "What happened to which record: `invoice:17`.",
            "status": "`pending` until it has arrived or is given up.",
            "attempts": "How many were made so far.",
            "next_attempt_at": "When the next one is due.",
            "response_status": "What the receiver answered last; null for no answer.",
            "error": "What went wrong last.",
            "delivered_at": "When the receiver took it.",
        }


class AttemptSerializer(RecordSerializer):
    metadata = None  # type: ignore[assignment]  # DRF's way to drop an inherited field

    class Meta:
        model = DeliveryAttempt
        fields = ("number", "started_at", "duration_ms", "response_status", "error", "response")
        read_only_fields = fields
        help_texts = {
            "number": "Counted from 1.",
            "started_at": "When it was made.",
            "duration_ms": "How long it took, in milliseconds.",
            "response_status": "What the receiver answered; null for no answer.",
            "error": "What went wrong.",
        }


class DeliveryWithAttemptsSerializer(DeliverySerializer):
    example = {
        **DeliverySerializer.example,
        "attempt_log": [
            {
                "number": 1,
                "started_at": "2024-01-15T10:00:01Z",
                "duration_ms": 84,
                "response_status": 200,
                "error": None,
                "response": "ok",
            }
        ],
    }
    attempt_log = AttemptSerializer(
        many=True, read_only=True, help_text="The attempts, one by one."
    )

    class Meta(DeliverySerializer.Meta):
        fields = (*DeliverySerializer.Meta.fields, "attempt_log")
        read_only_fields = fields


class StrictInstantField(InstantField):
    """An instant with its zone, such as 2024-01-15T10:00:00Z."""

    default_error_messages = {"invalid": "Must be an instant such as 2024-01-15T10:00:00Z"}

    def to_internal_value(self, value: Any) -> datetime.datetime:
        moment = _instant(value) if isinstance(value, str) else None
        if moment is None:
            self.fail("invalid")
        return moment


def _instant(text: str) -> datetime.datetime | None:
    try:
        moment = parse_datetime(text) if parse_date(text[:10]) else None
        return moment.astimezone(datetime.UTC) if moment and moment.tzinfo else None
    except (ValueError, OverflowError):
        # 2024-01-15T25:00:00Z, or the zone pushes it out of the calendar
        return None


class EnableSerializer(StrictSerializer):
    example = {"replay": True}
    replay = StrictBooleanField(
        help_text="true: what it missed is sent first; false: it is not offered again."
    )


class ReplaySerializer(StrictSerializer):
    example = {"since": "2024-01-15T10:00:00Z"}
    since = StrictInstantField(help_text="Events from this instant on.")


class ReplayedSerializer(StrictSerializer):
    """queued: how many messages are now due."""

    example = {"queued": 3}
    queued = serializers.IntegerField(read_only=True, help_text="How many messages are due now.")


class FiguresSerializer(StrictSerializer):
    """What became of the attempts of some time; tests are left out."""

    attempts = serializers.IntegerField(read_only=True)
    succeeded = serializers.IntegerField(read_only=True)
    success_rate = ExactNumberField(places=2, maximum=Decimal(100), read_only=True, allow_null=True)
    p50_ms = serializers.IntegerField(read_only=True, allow_null=True)
    p95_ms = serializers.IntegerField(read_only=True, allow_null=True)

    class Meta:
        help_texts = {
            "attempts": "How many were made.",
            "succeeded": "How many of them the receiver took.",
            "success_rate": "The same in per cent, rounded down; null without attempts.",
            "p50_ms": "Half of the answers came within so many milliseconds, give or take 2.5 %.",
            "p95_ms": "19 of 20 answers came within so many milliseconds, give or take 2.5 %.",
        }


class HourSerializer(StrictSerializer):
    hour = InstantField(read_only=True)
    attempts = serializers.IntegerField(source="figures.attempts", read_only=True)
    succeeded = serializers.IntegerField(source="figures.succeeded", read_only=True)
    p95_ms = serializers.IntegerField(source="figures.p95_ms", read_only=True, allow_null=True)

    class Meta:
        help_texts = {
            name: text
            for name, text in FiguresSerializer.Meta.help_texts.items()
            if name in ("attempts", "succeeded", "p95_ms")
        } | {"hour": "When it begins."}


_FIGURES = {"attempts": 412, "succeeded": 409, "success_rate": Decimal("99.27")}


class StatisticsSerializer(StrictSerializer):
    """How a webhook fares: what waits for it now, and figures that are kept by the hour."""

    example = {
        "pending": 2,
        "failed": 1,
        "oldest_pending_at": "2024-01-15T09:12:40Z",
        "next_attempt_at": "2024-01-15T10:30:05Z",
        "last_24_hours": _FIGURES | {"p50_ms": 84, "p95_ms": 310},
        "last_7_days": _FIGURES | {"p50_ms": 84, "p95_ms": 310},
        "hours": [
            {"hour": "2024-01-15T10:00:00Z", "attempts": 412, "succeeded": 409, "p95_ms": 310}
        ],
    }

    pending = serializers.IntegerField(source="queue.pending", read_only=True)
    failed = serializers.IntegerField(source="queue.failed", read_only=True)
    oldest_pending_at = InstantField(
        source="queue.oldest_pending_at", read_only=True, allow_null=True
    )
    next_attempt_at = InstantField(source="queue.next_attempt_at", read_only=True, allow_null=True)
    last_24_hours = FiguresSerializer(read_only=True)
    last_7_days = FiguresSerializer(read_only=True)
    hours = HourSerializer(many=True, read_only=True)

    class Meta:
        help_texts = {
            "pending": "How many deliveries are due or wait for their next attempt.",
            "failed": "How many were given up and not sent again since.",
            "oldest_pending_at": "Since when the oldest of the pending ones waits; null for none.",
            "next_attempt_at": "When the next of them is due.",
            "last_24_hours": "The present hour and the 23 before it.",
            "last_7_days": "The present hour and the 167 before it.",
            "hours": "These 168 hours one by one, the oldest first, those without attempts too.",
        }
