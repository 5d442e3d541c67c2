import datetime
from collections.abc import Mapping
from typing import Any

from django.utils.dateparse import parse_datetime
from rest_framework import serializers

from bizsuite.api.fields import InstantField, OptionalTextField, StrictCharField, parse_date
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
            "previous_secret_until",
            "external_id",
            "metadata",
            "created_at",
            "updated_at",
        )
        read_only_fields = ("disabled_at", "failing_since", "previous_secret_until")
        help_texts = {
            "url": "Where messages are sent: `https`, and public.",
            "events": "Which events: names, all of a kind (`invoice.*`), or all there are (`*`).",
            "active": "false: switched off, nothing is sent.",
            "disabled_at": "When it was switched off.",
            "failing_since": "Since when no attempt has succeeded.",
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


class ReplaySerializer(StrictSerializer):
    example = {"since": "2024-01-15T10:00:00Z"}
    since = StrictInstantField(help_text="Events from this instant on.")


class ReplayedSerializer(StrictSerializer):
    """queued: how many messages are now due."""

    example = {"queued": 3}
    queued = serializers.IntegerField(read_only=True, help_text="How many messages are due now.")
