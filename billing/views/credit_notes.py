"""The endpoints of credit notes."""

from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from billing import credit_notes
from billing.downloads import credit_note_response
from billing.event_types import CREDIT_NOTE
from billing.filters import CreditNoteFilter
from billing.models import CreditNote
from billing.models.credit_notes import ORDER_OF_CREDIT_NOTES
from billing.serializers import CreditNoteSerializer, MailBodySerializer
from billing.views.einvoices import EInvoiceMixin
from billing.views.mailing import MailsDocuments
from bizsuite.api.files import PdfNegotiation
from bizsuite.api.views import CreateMixin, ListMixin, ResourceViewSet, RetrieveMixin
from bizsuite.identity.models import organisation


class CreditNoteViewSet(
    MailsDocuments, EInvoiceMixin, ListMixin, CreateMixin, RetrieveMixin, ResourceViewSet
):
    """What was taken back of issued invoices. A credit note is never changed nor removed."""

    resource = "credit-notes"
    queryset = CreditNote.objects.prefetch_related("items", "taxes")
    serializer_class = CreditNoteSerializer
    filterset_class = CreditNoteFilter
    example = CREDIT_NOTE
    example_body = {
        "invoice_id": 1,
        "items": [{"invoice_item_id": 1, "amount": Decimal("500.00")}],
        "reason": "Two of the pages were not needed",
        "date": "2024-02-01",
    }
    sortable = ("id", "date", "credit_note_number", "amount", "created_at", "updated_at")
    sort_columns = {"credit_note_number": (ORDER_OF_CREDIT_NOTES,)}

    def create_record(self, data: dict[str, Any]) -> CreditNote:
        return credit_notes.create_credit_note(actor=self.actor, **data)

    @action(detail=True, methods=["post"], body_class=MailBodySerializer)
    def send(self, request: Any, pk: str) -> Response:
        """Mail it to the customer."""
        return self.mailed(**self.validated())

    @extend_schema(responses={(200, PdfNegotiation.media_type): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"], content_negotiation_class=PdfNegotiation)
    def pdf(self, request: Any, pk: str) -> HttpResponse:
        """The credit note to print or send."""
        return credit_note_response(request, self.get_object(), seller=organisation())
