"""The endpoints of receipts."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from billing import receipts
from billing.downloads import receipt_file_response
from billing.event_examples import RECEIPT
from billing.models import Receipt, Transaction
from billing.serializers import ReceiptSerializer
from bizsuite.api.files import FileNegotiation
from bizsuite.api.views import ResourceViewSet


class ReceiptViewSet(ResourceViewSet):
    """The papers behind one transaction, such as the supplier's invoice."""

    resource = "transactions"
    max_body_bytes = settings.MAX_UPLOAD_BODY_BYTES
    queryset = Receipt.objects.all()
    serializer_class = ReceiptSerializer
    example = RECEIPT
    example_body = {"name": "hello.txt", "content": "SGVsbG8="}
    sortable = ("id", "name", "size", "created_at")

    def get_queryset(self) -> QuerySet[Receipt]:
        return super().get_queryset().filter(transaction=self.kwargs["transaction_pk"])

    def perform_content_negotiation(self, request: Any, force: bool = False) -> Any:
        """Who asks for `image/png` means the file, and not the envelope of an error."""
        return super().perform_content_negotiation(request, force or self.action == "content")

    def list(self, request: Any, transaction_pk: str) -> Response:
        get_object_or_404(Transaction, pk=transaction_pk)
        return self.answer_page(self.get_queryset())

    def create(self, request: Any, transaction_pk: str) -> Response:
        """Keep a file with the transaction."""
        line = get_object_or_404(Transaction, pk=transaction_pk)
        receipt = receipts.attach_receipt(line, actor=self.actor, **self.validated())
        return self.answer(receipt, status=201)

    def retrieve(self, request: Any, transaction_pk: str, pk: str) -> Response:
        return self.answer(self.get_object())

    def destroy(self, request: Any, transaction_pk: str, pk: str) -> Response:
        """Remove one attached by mistake; not from a reversed transaction or a closed period."""
        self.refuse_body()
        receipts.remove_receipt(self.get_object(), actor=self.actor)
        return Response({"success": True, "message": "Receipt deleted"})

    @extend_schema(responses={(200, FileNegotiation.media_type): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"], content_negotiation_class=FileNegotiation)
    def content(self, request: Any, transaction_pk: str, pk: str) -> HttpResponse:
        """The file itself, to save and never to show."""
        return receipt_file_response(request, self.get_object())

    def location_of(self, record: Receipt) -> str:
        return f"{settings.API_PREFIX}/transactions/{record.transaction_id}/receipts/{record.pk}"
