"""The public shape of receipts."""

from rest_framework import serializers

from billing.models import Receipt
from bizsuite.api.fields import FileContentField, InstantField, StrictCharField
from bizsuite.api.serializers import StrictSerializer


class ReceiptSerializer(StrictSerializer, serializers.ModelSerializer):
    """A file: `content` goes in, and comes out at the receipt's own address."""

    name = StrictCharField(max_length=1000)
    content = FileContentField(write_only=True, help_text="The file, as base64; 5 MB at most.")
    created_at = InstantField(read_only=True)

    class Meta:
        model = Receipt
        fields = ("id", "name", "content_type", "size", "sha256", "content", "created_at")
        read_only_fields = ("content_type", "size", "sha256")
        help_texts = {
            "id": "Names the receipt.",
            "name": "The file's name; what a path has before it is cut off.",
            "content_type": "By the name's ending.",
            "sha256": "Of its content, in hex.",
        }
