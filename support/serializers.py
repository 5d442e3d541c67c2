"""The public shapes of support, shared by API, webhooks and exports."""

from rest_framework import serializers

from bizsuite.api.expansion import Expansion
from bizsuite.api.fields import (
    FileContentField,
    InstantField,
    OptionalEmailField,
    RecordIdField,
    StrictBooleanField,
    StrictCharField,
)
from bizsuite.api.serializers import RecordSerializer, StrictSerializer
from bizsuite.identity.models import User
from bizsuite.team.serializers import ASSIGNEE_EXPANSION
from customers.models import Customer
from customers.serializers import CUSTOMER_EXPANSION
from support.models import Attachment, Author, CannedReply, Department, Reply, Ticket

COMMON_FIELDS = ("external_id", "metadata", "created_at", "updated_at")


class DepartmentSerializer(RecordSerializer):
    email = OptionalEmailField(max_length=254)

    class Meta:
        model = Department
        fields = ("id", "name", "email", "archived_at", *COMMON_FIELDS)
        read_only_fields = ("archived_at",)
        help_texts = {
            "name": "What you call it.",
            "email": "The sender of its mails; the organisation's address if not given.",
        }


class TicketSerializer(RecordSerializer):
    ticket_number = serializers.CharField(source="number", read_only=True)
    customer_id = RecordIdField(source="customer", queryset=Customer.objects.all())
    department_id = RecordIdField(
        source="department", queryset=Department.objects.all(), required=False
    )
    assignee_id = RecordIdField(
        source="assignee", queryset=User.objects.all(), required=False, allow_null=True
    )
    expandable = {
        "customer": CUSTOMER_EXPANSION,
        "department": Expansion("departments", DepartmentSerializer, Department.objects.all()),
        "assignee": ASSIGNEE_EXPANSION,
    }

    class Meta:
        model = Ticket
        fields = (
            "id",
            "ticket_number",
            "customer_id",
            "subject",
            "message",
            "status",
            "priority",
            "department_id",
            "assignee_id",
            "first_response_at",
            "waiting_since",
            "resolved_at",
            *COMMON_FIELDS,
        )
        read_only_fields = ("status", "first_response_at", "waiting_since", "resolved_at")
        help_texts = {
            "ticket_number": "Given when it is opened.",
            "customer_id": "Who wants something; cannot change.",
            "subject": "What it is about, in a line.",
            "message": "What the customer wrote first; cannot change.",
            "status": "Whose turn it is: yours, the customer's, nobody's.",
            "priority": "`Medium` if not given.",
            "department_id": "Who answers; the first department if not given.",
            "assignee_id": "Whose ticket it is: an active user, see assignees.",
            "first_response_at": "When staff first replied to the customer.",
            "waiting_since": "Since when the customer waits for you; null while it is not your turn.",
            "resolved_at": "When it was closed; null while it is not.",
        }


class AttachmentSerializer(StrictSerializer, serializers.ModelSerializer):
    """A file: `content` goes in, and comes out at the attachment's own address."""

    name = StrictCharField(max_length=1000)
    content = FileContentField(write_only=True, help_text="The file, as base64.")
    reply_id = serializers.IntegerField(read_only=True, allow_null=True)
    created_at = InstantField(read_only=True)

    class Meta:
        model = Attachment
        fields = (
            "id",
            "reply_id",
            "name",
            "content_type",
            "size",
            "sha256",
            "content",
            "created_at",
        )
        read_only_fields = ("content_type", "size", "sha256")
        help_texts = {
            "id": "Names the file.",
            "reply_id": "The reply that it came with; null where it belongs to the first message.",
            "name": "The file's name; what a path has before it is cut off.",
            "content_type": "By the name's ending.",
            "sha256": "Of its content, in hex.",
        }


class ReplySerializer(RecordSerializer):
    ticket_id = serializers.IntegerField(read_only=True)
    user_id = serializers.IntegerField(read_only=True, allow_null=True)
    author = serializers.ChoiceField(choices=Author.choices, default=Author.STAFF)
    internal = StrictBooleanField(required=False)
    attachments = AttachmentSerializer(many=True, required=False)

    class Meta:
        model = Reply
        fields = (
            "id",
            "ticket_id",
            "author",
            "author_name",
            "user_id",
            "message",
            "internal",
            "attachments",
            *COMMON_FIELDS,
        )
        read_only_fields = ("author_name",)
        help_texts = {
            "ticket_id": "The ticket.",
            "author": "Who said it: `staff` if not given, `customer` to record what the customer said.",
            "author_name": "Their name at that time.",
            "user_id": "Which of the staff wrote it; null for a customer.",
            "message": "What was said.",
            "internal": "true: a note among staff, which the customer never sees.",
            "attachments": "The files that go with it.",
        }


class CannedReplySerializer(RecordSerializer):
    class Meta:
        model = CannedReply
        fields = ("id", "title", "text", *COMMON_FIELDS)
