"""The endpoints of leads."""

from typing import Any

from django.conf import settings
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from bizsuite.api.batches import BatchMixin
from bizsuite.api.views import (
    CreateMixin,
    DeleteMixin,
    ListMixin,
    ResourceViewSet,
    RetrieveMixin,
    UpdateMixin,
)
from crm import leads, notes
from crm.conversion import convert_lead
from crm.event_types import LEAD, LEAD_NOTE
from crm.filters import LeadFilter, LeadNoteFilter
from crm.merging import merge_leads
from crm.models import Lead, LeadNote
from crm.serializers import (
    ConversionSerializer,
    LeadNoteSerializer,
    LeadSerializer,
    MergeSerializer,
    StageMoveSerializer,
)
from customers.serializers import CustomerSerializer


class LeadViewSet(
    ListMixin, CreateMixin, RetrieveMixin, UpdateMixin, DeleteMixin, BatchMixin, ResourceViewSet
):
    """Who may become a customer."""

    resource = "leads"
    queryset = Lead.objects.all()
    serializer_class = LeadSerializer
    filterset_class = LeadFilter
    example = LEAD
    example_body = {
        "first_name": "John",
        "last_name": "Smith",
        "email": "john@example.com",
        "company": "Acme Corp",
        "phone": "1234567890",
        "source": "Website",
    }
    sortable = (
        "id",
        "first_name",
        "last_name",
        "company",
        "email",
        "stage",
        "source",
        "expected_value",
        "expected_close_date",
        "next_action_date",
        "created_at",
        "updated_at",
    )

    def create_record(self, data: dict[str, Any]) -> Lead:
        return leads.create_lead(actor=self.actor, **data)

    def create_records(self, items: list[dict[str, Any]]) -> list[Lead]:
        return leads.create_leads(items, actor=self.actor)

    def update_record(self, record: Lead, changes: dict[str, Any]) -> Lead:
        return leads.update_lead(record, actor=self.actor, **changes)

    def delete_record(self, record: Lead) -> str:
        leads.delete_lead(record, actor=self.actor)
        return "Lead deleted"

    @extend_schema(responses={200: CustomerSerializer, 201: CustomerSerializer})
    @action(detail=True, methods=["post"], body_class=ConversionSerializer)
    def convert(self, request: Any, pk: str) -> Response:
        """To a new customer (201), or linked to `customer_id` (200); again: the same (200)."""
        data = self.validated()
        customer, is_new = convert_lead(
            self.get_object(), now=timezone.now(), actor=self.actor, **data
        )
        response = self.answer(
            customer, status=201 if is_new else 200, serializer_class=CustomerSerializer
        )
        if is_new:
            response["Location"] = f"{settings.API_PREFIX}/customers/{customer.pk}"
        return response

    @action(detail=True, methods=["post"], body_class=MergeSerializer)
    def merge(self, request: Any, pk: str) -> Response:
        """Make other leads a part of this one: it takes over what it has not, and their notes."""
        data = self.validated()
        return self.answer(
            merge_leads(self.get_object(), now=timezone.now(), actor=self.actor, **data)
        )

    @extend_schema(
        operation_id="leads_stage_history_list", responses=StageMoveSerializer(many=True)
    )
    @action(
        detail=True,
        methods=["get"],
        url_path="stage-history",
        serializer_class=StageMoveSerializer,
        filterset_class=None,
        sortable=("id", "moved_at"),
    )
    def stage_history(self, request: Any, pk: str) -> Response:
        """Which stages it came through, when and by whom."""
        return self.answer_page(self.get_object().stage_moves.all())


class LeadNoteViewSet(ResourceViewSet):
    """What was written down about one lead."""

    resource = "leads"
    queryset = LeadNote.objects.all()
    serializer_class = LeadNoteSerializer
    filterset_class = LeadNoteFilter
    example = LEAD_NOTE
    example_body = {"text": "Wants an offer for ten seats.", "noted_at": "2024-01-16T09:30:00Z"}
    sortable = ("id", "noted_at", "created_at", "updated_at")

    def list(self, request: Any, lead_pk: str) -> Response:
        """The notes about this lead."""
        lead = get_object_or_404(Lead, pk=lead_pk)
        return self.answer_page(
            self.get_queryset().filter(lead=lead), filterset_class=self.filterset_class
        )

    def create(self, request: Any, lead_pk: str) -> Response:
        """Add a note to this lead. It cannot be changed afterwards."""
        lead = get_object_or_404(Lead, pk=lead_pk)
        note = notes.add_note(lead, now=timezone.now(), actor=self.actor, **self.validated())
        response = self.answer(note, status=201)
        # There is no address of one note.
        response["Location"] = f"{settings.API_PREFIX}/leads/{lead.pk}/notes"
        return response
