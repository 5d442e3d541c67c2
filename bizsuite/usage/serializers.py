from rest_framework import serializers

from bizsuite.api.serializers import RecordSerializer
from bizsuite.usage.models import HourlyUsage


class UsageSerializer(RecordSerializer):
    """Requests of one key to one endpoint that were answered with one status, in one hour."""

    metadata = None  # DRF's way to drop an inherited field
    key_id = serializers.IntegerField(source="api_key_id", read_only=True)

    class Meta:
        model = HourlyUsage
        fields = ("hour", "key_id", "endpoint", "status", "requests", "last_at")
        read_only_fields = fields
        help_texts = {
            "hour": "When the hour began.",
            "key_id": "Whose requests: an API key's id.",
            "endpoint": "Method and address, with names in the place of ids.",
            "status": "What they were answered with.",
            "requests": "How many there were.",
            "last_at": "When the last one came.",
        }
