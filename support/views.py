"""The endpoints of support."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from bizsuite.api.files import FileNegotiation
from bizsuite.api.serializers import NoBody
from bizsuite.api.views import (
    CreateMixin,
    DeleteMixin,
    ListMixin,
    ResourceViewSet,
    RetrieveMixin,
    UpdateMixin,
)
from support import attachments, departments, replies, tickets
from support.downloads import attachment_response
from support.event_types import ATTACHMENT, DEPARTMENT, REPLY, TICKET
from support.filters import DepartmentFilter, ReplyFilter, TicketFilter
from support.models import Attachment, Department, Reply, Ticket
from support.models.tickets import ORDER_OF_NUMBERS, ORDER_OF_PRIORITY
from support.serializers import (
    AttachmentSerializer,
    DepartmentSerializer,
    ReplySerializer,
    TicketSerializer,
)


class DepartmentViewSet(
    ListMixin, CreateMixin, RetrieveMixin, UpdateMixin, DeleteMixin, ResourceViewSet
):
    """Who answers tickets; deleted, or archived once tickets refer to them."""

    resource = "departments"
    queryset = Department.objects.all()
    serializer_class = DepartmentSerializer
    filterset_class = DepartmentFilter
    example = DEPARTMENT
    example_body = {"name": "Support", "email": "support@example.com"}
    sortable = ("id", "name", "created_at", "updated_at")

    def create_record(self, data: dict[str, Any]) -> Department:
        return departments.create_department(actor=self.actor, **data)

    def update_record(self, record: Department, changes: dict[str, Any]) -> Department:
        return departments.update_department(record, actor=self.actor, **changes)

    def delete_record(self, record: Department) -> str:
        removed = departments.delete_department(record, actor=self.actor)
        return "Department deleted" if removed else "Department archived"


class TicketViewSet(
    ListMixin, CreateMixin, RetrieveMixin, UpdateMixin, DeleteMixin, ResourceViewSet
):
    """What customers want. The status follows from replies and from the actions below."""

    resource = "tickets"
    queryset = Ticket.objects.all()
    serializer_class = TicketSerializer
    filterset_class = TicketFilter
    example = TICKET
    example_body = {
        "customer_id": 1,
        "subject": "Technical Support Required",
        "message": "Need assistance with installation",
        "department_id": 1,
        "priority": "High",
    }
    sortable = (
        "id",
        "ticket_number",
        "subject",
        "status",
        "priority",
        "waiting_since",
        "resolved_at",
        "created_at",
        "updated_at",
    )
    sort_columns = {"ticket_number": ORDER_OF_NUMBERS, "priority": (ORDER_OF_PRIORITY,)}

    def create_record(self, data: dict[str, Any]) -> Ticket:
        return tickets.create_ticket(actor=self.actor, **data)

    def update_record(self, record: Ticket, changes: dict[str, Any]) -> Ticket:
        return tickets.update_ticket(record, actor=self.actor, **changes)

    def delete_record(self, record: Ticket) -> str:
        tickets.delete_ticket(record, actor=self.actor)
        return "Ticket deleted"

    @action(detail=True, methods=["post"], body_class=NoBody)
    def close(self, request: Any, pk: str) -> Response:
        """It is resolved. A reply of the customer's opens it again."""
        self.validated()
        return self.answer(tickets.close_ticket(self.get_object(), actor=self.actor))

    @action(detail=True, methods=["post"], body_class=NoBody)
    def reopen(self, request: Any, pk: str) -> Response:
        """A closed or pending ticket is our turn again."""
        self.validated()
        return self.answer(tickets.reopen_ticket(self.get_object(), actor=self.actor))

    @action(detail=True, methods=["post"], body_class=NoBody)
    def wait(self, request: Any, pk: str) -> Response:
        """An open ticket waits for the customer (Pending), as after a phone call. A public reply
        by staff does so by itself."""
        self.validated()
        return self.answer(tickets.await_customer(self.get_object(), actor=self.actor))


class ReplyViewSet(ResourceViewSet):
    """What was said on one ticket after its first message, internal notes included.

    A public reply by staff answers the customer: an open ticket becomes Pending. With
    `"author": "customer"` you record what the customer said: a pending or closed ticket becomes
    Open. With `"internal": true` it is a note among staff, which changes no status and is neither
    mailed nor sent to webhooks. Files come along as `attachments`, each with its `name` and its
    `content` in base64 (up to 5 MB each, 10 MB in all); they are mailed with a public reply.
    """

    resource = "tickets"
    max_body_bytes = settings.MAX_UPLOAD_BODY_BYTES
    queryset = Reply.objects.prefetch_related("attachments")
    serializer_class = ReplySerializer
    filterset_class = ReplyFilter
    example = REPLY
    example_body = {"message": "Which version do you install?"}
    sortable = ("id", "created_at", "updated_at")

    def list(self, request: Any, ticket_pk: str) -> Response:
        ticket = get_object_or_404(Ticket, pk=ticket_pk)
        return self.answer_page(
            self.get_queryset().filter(ticket=ticket), filterset_class=self.filterset_class
        )

    def create(self, request: Any, ticket_pk: str) -> Response:
        """Reply to the customer, record what the customer said, or write an internal note."""
        ticket = get_object_or_404(Ticket.objects.select_related("customer"), pk=ticket_pk)
        reply = replies.add_reply(ticket, actor=self.actor, **self.validated())
        return self.answer(reply, status=201)

    def retrieve(self, request: Any, ticket_pk: str, pk: str) -> Response:
        return self.answer(get_object_or_404(self.get_queryset(), ticket=ticket_pk, pk=pk))

    def location_of(self, record: Reply) -> str:
        return f"{settings.API_PREFIX}/tickets/{record.ticket_id}/replies/{record.pk}"


class AttachmentViewSet(ResourceViewSet):
    """The files of one ticket and its replies, those of internal notes included.

    Posting one adds it to the ticket's first message; those of a reply are posted with it.
    """

    resource = "tickets"
    max_body_bytes = settings.MAX_UPLOAD_BODY_BYTES
    queryset = Attachment.objects.all()
    serializer_class = AttachmentSerializer
    example = ATTACHMENT
    example_body = {"name": "hello.txt", "content": "SGVsbG8="}
    sortable = ("id", "name", "size", "created_at")

    def get_queryset(self) -> QuerySet[Attachment]:
        return super().get_queryset().filter(ticket=self.kwargs["ticket_pk"])

    def perform_content_negotiation(self, request: Any, force: bool = False) -> Any:
        """Who asks for `image/png` means the file, and not the envelope of an error."""
        return super().perform_content_negotiation(request, force or self.action == "content")

    def list(self, request: Any, ticket_pk: str) -> Response:
        get_object_or_404(Ticket, pk=ticket_pk)
        return self.answer_page(self.get_queryset())

    def create(self, request: Any, ticket_pk: str) -> Response:
        """Add a file to the ticket's first message."""
        ticket = get_object_or_404(Ticket, pk=ticket_pk)
        attachment = attachments.attach_file(ticket, actor=self.actor, **self.validated())
        return self.answer(attachment, status=201)

    def retrieve(self, request: Any, ticket_pk: str, pk: str) -> Response:
        return self.answer(self.get_object())

    def destroy(self, request: Any, ticket_pk: str, pk: str) -> Response:
        """Remove a file. What was mailed cannot be called back."""
        self.refuse_body()
        attachments.remove_attachment(self.get_object(), actor=self.actor)
        return Response({"success": True, "message": "Attachment deleted"})

    @extend_schema(responses={(200, FileNegotiation.media_type): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"], content_negotiation_class=FileNegotiation)
    def content(self, request: Any, ticket_pk: str, pk: str) -> HttpResponse:
        """The file itself, to save and never to show."""
        return attachment_response(request, self.get_object())

    def location_of(self, record: Attachment) -> str:
        return f"{settings.API_PREFIX}/tickets/{record.ticket_id}/attachments/{record.pk}"
