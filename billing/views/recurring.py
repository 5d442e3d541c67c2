"""The endpoints of recurring invoices."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from billing import recurring_invoices, recurring_runs
from billing.filters import RecurringInvoiceFilter
from billing.models import Invoice, RecurringInvoice
from billing.recurring_events import RECURRING_INVOICE
from billing.serializers import InvoiceSerializer, RecurringInvoiceSerializer, ResumeSerializer
from billing.views.documents import InvoiceViewSet
from bizsuite.api.serializers import NoBody
from bizsuite.api.views import (
    CreateMixin,
    DeleteMixin,
    ListMixin,
    ResourceViewSet,
    RetrieveMixin,
    UpdateMixin,
)
from bizsuite.identity.models import organisation


class RecurringInvoiceViewSet(
    ListMixin, CreateMixin, RetrieveMixin, UpdateMixin, DeleteMixin, ResourceViewSet
):
    """Schedules by which invoices are made: one for each period."""

    resource = "recurring-invoices"
    queryset = RecurringInvoice.objects.prefetch_related("items", "taxes")
    serializer_class = RecurringInvoiceSerializer
    filterset_class = RecurringInvoiceFilter
    example = RECURRING_INVOICE
    example_body = {
        "customer_id": 1,
        "interval": "monthly",
        "start_date": "2030-01-31",
        "items": [
            {"description": "Hosting {{ month }} {{ year }}", "amount": Decimal("49.00"), "qty": 1}
        ],
    }
    sortable = (
        "id",
        "next_date",
        "start_date",
        "amount",
        "status",
        "created_at",
        "updated_at",
    )

    def create_record(self, data: dict[str, Any]) -> RecurringInvoice:
        return recurring_invoices.create_recurring_invoice(actor=self.actor, **data)

    def update_record(self, record: RecurringInvoice, changes: dict[str, Any]) -> RecurringInvoice:
        return recurring_invoices.update_recurring_invoice(record, actor=self.actor, **changes)

    def delete_record(self, record: RecurringInvoice) -> str:
        recurring_invoices.delete_recurring_invoice(record, actor=self.actor)
        return "Recurring invoice deleted"

    @action(detail=True, methods=["post"], body_class=NoBody)
    def pause(self, request: Any, pk: str) -> Response:
        """Make no invoices until it is resumed."""
        self.validated()
        paused = recurring_invoices.pause_recurring_invoice(self.get_object(), actor=self.actor)
        return self.answer(paused)

    @action(detail=True, methods=["post"], body_class=ResumeSerializer)
    def resume(self, request: Any, pk: str) -> Response:
        """Go on with the first period that begins today or later, or with what was missed."""
        given = self.validated()
        resumed = recurring_invoices.resume_recurring_invoice(
            self.get_object(), today=organisation().today(), actor=self.actor, **given
        )
        return self.answer(resumed)

    @action(detail=True, methods=["post"], body_class=NoBody)
    def end(self, request: Any, pk: str) -> Response:
        """Make no more invoices, for good."""
        self.validated()
        ended = recurring_invoices.end_recurring_invoice(self.get_object(), actor=self.actor)
        return self.answer(ended)

    @extend_schema(responses={201: InvoiceSerializer})
    @action(detail=True, methods=["post"], body_class=NoBody)
    def run(self, request: Any, pk: str) -> Response:
        """Make the next invoice now: an overdue one with its date, an early one with today's."""
        self.validated()
        invoice = recurring_runs.run_now(self.get_object(), now=timezone.now(), actor=self.actor)
        return self.answer(invoice, status=201, serializer_class=InvoiceSerializer)

    def location_of(self, record: RecurringInvoice | Invoice) -> str:
        if isinstance(record, Invoice):
            return f"{settings.API_PREFIX}/{InvoiceViewSet.resource}/{record.pk}"
        return super().location_of(record)
