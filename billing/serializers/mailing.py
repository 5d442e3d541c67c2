"""What is said with a document that is mailed."""

from typing import Any, ClassVar

from rest_framework import serializers

from billing.models.mailing import SUBJECT_LENGTH
from bizsuite.api.fields import (
    OptionalEmailField,
    OptionalTextField,
    StrictBooleanField,
    StrictEmailField,
)
from bizsuite.api.serializers import StrictSerializer

MOST_COPIES = 10
LONGEST_MESSAGE = 20_000


class MailBodySerializer(StrictSerializer):
    """All of it may be left out."""

    example: ClassVar[dict[str, Any]] = {"to": "accounts@example.com", "cc": ["jane@example.com"]}
    to = OptionalEmailField(
        max_length=254, help_text="The customer's address (an invoice's own first) if left out."
    )
    cc = serializers.ListField(
        child=StrictEmailField(max_length=254),
        required=False,
        max_length=MOST_COPIES,
        help_text="Who else gets it, each in a mail of their own.",
    )
    subject = OptionalTextField(
        max_length=SUBJECT_LENGTH, help_text="The template's if left out; takes its placeholders."
    )
    message = OptionalTextField(
        max_length=LONGEST_MESSAGE,
        help_text="The template's if left out; takes its placeholders.",
    )


class QuoteMailBodySerializer(MailBodySerializer):
    """Without any of it the quote is marked as sent and no mail leaves."""

    example: ClassVar[dict[str, Any]] = {"mail": True}
    mail = StrictBooleanField(
        required=False,
        help_text="true: mail it too. Not needed where `to`, `cc`, `subject` or `message` is given.",
    )
