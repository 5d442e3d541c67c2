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
