from rest_framework import serializers

from bizsuite.api.expansion import Expansion
from bizsuite.api.fields import StrictBooleanField, StrictCharField
from bizsuite.api.serializers import RecordSerializer, StrictSerializer
from bizsuite.identity.models import User

MAX_PASSWORD_LENGTH = 256


class UserSerializer(RecordSerializer):
    active = StrictBooleanField(
        source="is_active",
        required=False,
        help_text="false: they cannot sign in, and their API keys stop.",
    )
    password = StrictCharField(
        write_only=True,
        trim_whitespace=False,
        max_length=MAX_PASSWORD_LENGTH,
        help_text="At least 8 characters, not a common one. Never shown.",
    )

    class Meta:
        model = User
        fields = (
            "id",
            "name",
            "email",
            "role",
            "active",
            "password",
            "external_id",
            "metadata",
            "created_at",
            "updated_at",
        )
        help_texts = {
            "name": "As others see it.",
            "email": "To sign in with; unique.",
            "role": "What they may do.",
        }


class AssigneeSerializer(StrictSerializer, serializers.ModelSerializer[User]):
    """What every role may know of a user."""

    class Meta:
        model = User
        fields = ("id", "name")
        help_texts = {
            "id": "The user's id.",
            "name": "The user's name.",
        }


# For every shape that names whom work is given to.
ASSIGNEE_EXPANSION = Expansion("assignees", AssigneeSerializer, User.objects.all())
