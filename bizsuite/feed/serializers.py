from typing import Any

import msgspec
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from bizsuite.api.fields import InstantField, OptionalTextField
from bizsuite.api.serializers import StrictSerializer
from bizsuite.events.models import Event


@extend_schema_field({"type": "object", "additionalProperties": True})
class StoredJSONField(serializers.JSONField):
    """JSON that was rendered long ago and leaves as the very bytes that were kept.

    Read and written again, 1500.00 would be at the mercy of the parser.
    """

    def to_representation(self, value: str) -> Any:
        return msgspec.Raw(value.encode())


class EventActorSerializer(StrictSerializer):
    name = serializers.CharField(
        source="actor_name", help_text="The user, the user and the key, or `system`."
    )
    source = serializers.CharField(help_text="`api`, `admin`, `cli` or `worker`.")


class EventSerializer(StrictSerializer):
    """`type`, `timestamp` and `data` are what a webhook is sent, byte for byte."""

    sequence = serializers.IntegerField(read_only=True)
    type = serializers.CharField(read_only=True)
    timestamp = InstantField(source="occurred_at", read_only=True)
    data = StoredJSONField(source="payload", read_only=True)
    resource = serializers.CharField(read_only=True)
    record_id = serializers.IntegerField(source="object_id", read_only=True)
    record_version = serializers.IntegerField(source="object_version", read_only=True)
    actor = EventActorSerializer(source="*", read_only=True)
    request_id = OptionalTextField(read_only=True)
    causation_depth = serializers.IntegerField(read_only=True)

    class Meta:
        model = Event
        help_texts = {
            "sequence": "Its place in the order of events, without gaps; names it in addresses.",
            "type": "What happened.",
            "timestamp": "When.",
            "data": "The record as the API showed it at that moment.",
            "resource": "What kind of record it happened to: what `type` begins with.",
            "record_id": "Which record.",
            "record_version": "The record's version from then on; rises from event to event.",
            "actor": "Who did it.",
            "request_id": "The `X-Request-ID` of the request that did it, if one did.",
            "causation_depth": "0, or one more than that of the event whose webhook was answered "
            "by it.",
        }
