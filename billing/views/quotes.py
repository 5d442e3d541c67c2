"""The endpoints of quotes."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from billing import quotes
from billing.downloads import quote_response
from billing.event_types import QUOTE
from billing.filters import QuoteFilter
from billing.models import Invoice, Quote
from billing.models.quotes import ORDER_OF_QUOTES
from billing.quote_versions import as_quote
from billing.serializers import (
    AnswerSerializer,
    DeclineSerializer,
    InvoiceSerializer,
    QuoteMailBodySerializer,
    QuoteSerializer,
    QuoteVersionSerializer,
)
from billing.views.documents import InvoiceViewSet
from billing.views.mailing import MailsDocuments
from bizsuite.api.files import PdfNegotiation
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


class QuoteViewSet(
    MailsDocuments, ListMixin, CreateMixin, RetrieveMixin, UpdateMixin, DeleteMixin, ResourceViewSet
):
    """Quotes: offered, accepted or declined, and made into an invoice once."""

    resource = "quotes"
    queryset = Quote.objects.prefetch_related("items", "taxes")
    serializer_class = QuoteSerializer
    filterset_class = QuoteFilter
    example = QUOTE
    example_body = {
        "customer_id": 1,
        "valid_until": "2024-02-15",
        "items": [{"description": "Consulting Services", "amount": Decimal("2000.00"), "qty": 1}],
    }
    sortable = (
        "id",
        "date",
        "valid_until",
        "quote_number",
        "amount",
        "created_at",
        "updated_at",
    )
    sort_columns = {"quote_number": (ORDER_OF_QUOTES,)}

    def create_record(self, data: dict[str, Any]) -> Quote:
        return quotes.create_quote(actor=self.actor, **data)

    def update_record(self, record: Quote, changes: dict[str, Any]) -> Quote:
        return quotes.update_quote(record, actor=self.actor, **changes)

    def delete_record(self, record: Quote) -> str:
        quotes.delete_quote(record, actor=self.actor)
        return "Quote deleted"

    @action(detail=True, methods=["post"], body_class=QuoteMailBodySerializer)
    def send(self, request: Any, pk: str) -> Response:
        """Say that the customer has a draft now; with `mail`, or anything of a mail, mail it.

        Without, no mail leaves. A quote that was sent can be mailed again until it is answered.
        """
        said = self.validated()
        if not self.asks_for_mail():
            return self.answer(quotes.send_quote(self.get_object(), actor=self.actor))
        said.pop("mail", None)
        return self.mailed(**said)

    def asks_for_mail(self) -> bool:
        """Anything said of a mail asks for one, unless it is also said that none is wanted."""
        said = self.body if isinstance(self.body, dict) else {}
        return bool(said.get("mail", bool(said)))

    @action(detail=True, methods=["post"], body_class=AnswerSerializer)
    def accept(self, request: Any, pk: str) -> Response:
        """The customer said yes: until the end of `valid_until`."""
        given = self.validated()
        return self.answer(quotes.accept_quote(self.get_object(), actor=self.actor, **given))

    @action(detail=True, methods=["post"], body_class=DeclineSerializer)
    def decline(self, request: Any, pk: str) -> Response:
        """The customer said no, with a reason or without."""
        given = self.validated()
        return self.answer(quotes.decline_quote(self.get_object(), actor=self.actor, **given))

    @extend_schema(operation_id="quotes_versions_list", responses=QuoteVersionSerializer(many=True))
    @action(
        detail=True,
        methods=["get"],
        serializer_class=QuoteVersionSerializer,
        filterset_class=None,
        sortable=("revision",),
    )
    def versions(self, request: Any, pk: str) -> Response:
        """What the customer had before it was revised, version by version."""
        return self.answer_page(self.get_object().versions.all())

    @extend_schema(operation_id="quotes_version", summary="Get version of a quote")
    @action(
        detail=True,
        methods=["get"],
        url_path=r"versions/(?P<revision>[0-9]{1,18})",
        serializer_class=QuoteVersionSerializer,
    )
    def version(self, request: Any, pk: str, revision: str) -> Response:
        """One of the earlier versions, as it was sent."""
        return self.answer(get_object_or_404(self.get_object().versions.all(), revision=revision))

    @extend_schema(
        operation_id="quotes_version_pdf",
        responses={(200, PdfNegotiation.media_type): OpenApiTypes.BINARY},
    )
    @action(
        detail=True,
        methods=["get"],
        url_path=r"versions/(?P<revision>[0-9]{1,18})/pdf",
        content_negotiation_class=PdfNegotiation,
    )
    def version_pdf(self, request: Any, pk: str, revision: str) -> HttpResponse:
        """One of the earlier versions on paper."""
        version = get_object_or_404(self.get_object().versions.all(), revision=revision)
        return quote_response(request, as_quote(version), seller=organisation())

    @extend_schema(responses={(200, PdfNegotiation.media_type): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"], content_negotiation_class=PdfNegotiation)
    def pdf(self, request: Any, pk: str) -> HttpResponse:
        """The quote to print or send. What is still a draft says so across the page."""
        return quote_response(request, self.get_object(), seller=organisation())

    @extend_schema(responses={200: InvoiceSerializer, 201: InvoiceSerializer})
    @action(detail=True, methods=["post"], body_class=NoBody)
    def convert(self, request: Any, pk: str) -> Response:
        """Make the invoice. Once: a quote that has become one answers 200 with the same invoice.

        Issued at once; a draft where the key may not write invoices.
        """
        self.validated()
        invoice, is_new = quotes.convert_quote(self.get_object(), actor=self.actor)
        return self.answer(
            invoice,
            status=201 if is_new else 200,
            serializer_class=InvoiceSerializer,
        )

    def location_of(self, record: Quote | Invoice) -> str:
        if isinstance(record, Invoice):
            return f"{settings.API_PREFIX}/{InvoiceViewSet.resource}/{record.pk}"
        return super().location_of(record)
