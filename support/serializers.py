"""The public shapes of support, shared by API, webhooks and exports."""

from rest_framework import serializers

from bizsuite.api.expansion import Expansion
from bizsuite.api.fields import OptionalEmailField, RecordIdField, StrictBooleanField
from bizsuite.api.serializers import RecordSerializer
from bizsuite.identity.models import User
from bizsuite.team.serializers import AssigneeSerializer
from customers.models import Customer
from customers.serializers import CustomerSerializer
from support.models import Author, Department, Reply, Ticket

COMMON_FIELDS = ("external_id", "metadata", "created_at", "updated_at")


class DepartmentSerializer(RecordSerializer):
    email = OptionalEmailField(max_length=254)

    class Meta:
        model = Department
        fields = ("id", "name", "email", "archived_at", *COMMON_FIELDS)
        read_only_fields = ("archived_at",)


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
        "customer": Expansion("customers", CustomerSerializer, Customer.objects.all()),
        "department": Expansion("departments", DepartmentSerializer, Department.objects.all()),
        "assignee": Expansion("assignees", AssigneeSerializer, User.objects.all()),
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


class ReplySerializer(RecordSerializer):
    ticket_id = serializers.IntegerField(read_only=True)
    user_id = serializers.IntegerField(read_only=True, allow_null=True)
    author = serializers.ChoiceField(choices=Author.choices, default=Author.STAFF)
    internal = StrictBooleanField(required=False)

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
            *COMMON_FIELDS,
        )
        read_only_fields = ("author_name",)
