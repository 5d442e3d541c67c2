"""The endpoints of invoices, payments and transactions."""

from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from billing import invoices, payments, refunds, transactions, write_offs
from billing.downloads import invoice_response
from billing.event_types import INVOICE, PAYMENT, TRANSACTION
from billing.filters import InvoiceFilter, PaymentFilter, TransactionFilter
from billing.models import Invoice, Payment, Transaction
from billing.models.invoices import ORDER_OF_INVOICES
from billing.serializers import (
    AllocateSerializer,
    InvoicePaymentSerializer,
    InvoiceSerializer,
    MailBodySerializer,
    PaymentSerializer,
    RefundBodySerializer,
    ReversalSerializer,
    TransactionSerializer,
    WriteOffBodySerializer,
)
from billing.views.einvoices import EInvoiceMixin
from billing.views.mailing import MailsDocuments
from bizsuite.api.batches import BatchMixin
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


class InvoiceViewSet(
    MailsDocuments,
    EInvoiceMixin,
    ListMixin,
    CreateMixin,
    RetrieveMixin,
    UpdateMixin,
    DeleteMixin,
    BatchMixin,
    ResourceViewSet,
):
    """Invoices: issued at once, or kept as drafts first."""

    resource = "invoices"
    queryset = Invoice.objects.prefetch_related("items", "taxes")
    serializer_class = InvoiceSerializer
    filterset_class = InvoiceFilter
    example = INVOICE
    example_body = {
        "customer_id": 1,
        "date": "2024-01-15",
        "due_date": "2024-02-15",
        "items": [{"description": "Web Development", "amount": Decimal("1500.00"), "qty": 1}],
        "notes": "Payment due within 30 days",
    }
    sortable = (
        "id",
        "date",
        "due_date",
        "invoice_number",
        "amount",
        "balance",
        "status",
        "created_at",
        "updated_at",
    )
    sort_columns = {"invoice_number": (ORDER_OF_INVOICES,)}

    def create_record(self, data: dict[str, Any]) -> Invoice:
        return invoices.create_invoice(actor=self.actor, **data)

    def create_records(self, items: list[dict[str, Any]]) -> list[Invoice]:
        return invoices.create_invoices(items, actor=self.actor)

    def update_record(self, record: Invoice, changes: dict[str, Any]) -> Invoice:
        for name in ("draft", "number"):
            changes.pop(name, None)
        return invoices.update_invoice(record, actor=self.actor, **changes)

    def delete_record(self, record: Invoice) -> str:
        invoices.delete_invoice(record, actor=self.actor)
        return "Invoice deleted"

    @action(detail=True, methods=["post"], body_class=NoBody)
    def issue(self, request: Any, pk: str) -> Response:
        """Give a draft its number; its amounts never change from then on."""
        self.validated()
        return self.answer(invoices.issue_invoice(self.get_object(), actor=self.actor))

    @action(detail=True, methods=["post"], body_class=NoBody)
    def void(self, request: Any, pk: str) -> Response:
        """Take an invoice on which nothing is paid out of the books."""
        self.validated()
        return self.answer(invoices.void_invoice(self.get_object(), actor=self.actor))

    @action(detail=True, methods=["post"], url_path="write-off", body_class=WriteOffBodySerializer)
    def write_off(self, request: Any, pk: str) -> Response:
        """Give up what will not be paid: it is no longer owed."""
        data, invoice = self.validated(), self.get_object()
        write_offs.write_off_invoice(invoice, actor=self.actor, **data)
        return self.answer(self.get_object())

    @action(detail=True, methods=["post"], body_class=MailBodySerializer)
    def send(self, request: Any, pk: str) -> Response:
        """Mail it to the customer, with the PDF; again as often as you like."""
        return self.mailed(**self.validated())

    @extend_schema(responses={(200, PdfNegotiation.media_type): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"], content_negotiation_class=PdfNegotiation)
    def pdf(self, request: Any, pk: str) -> HttpResponse:
        """The invoice to print or send. A draft's and a void one's say so across the page."""
        return invoice_response(request, self.get_object(), seller=organisation())


class InvoicePaymentViewSet(ResourceViewSet):
    """The payments on one invoice."""

    resource = "payments"
    queryset = Payment.objects.prefetch_related("allocations", "refunds")
    serializer_class = PaymentSerializer
    body_class = InvoicePaymentSerializer
    filterset_class = PaymentFilter
    example = PAYMENT
    example_body = {"amount": Decimal("1500.00"), "date": "2024-01-15"}
    sortable = ("id", "date", "amount", "created_at", "updated_at")

    def list(self, request: Any, invoice_pk: str) -> Response:
        """The payments of which a part went to this invoice."""
        invoice = get_object_or_404(Invoice, pk=invoice_pk)
        return self.answer_page(
            self.get_queryset().filter(allocations__invoice=invoice).distinct(),
            filterset_class=self.filterset_class,
        )

    def create(self, request: Any, invoice_pk: str) -> Response:
        """Record a payment on this invoice."""
        invoice = get_object_or_404(Invoice, pk=invoice_pk)
        payment = payments.pay_invoice(invoice, actor=self.actor, **self.validated())
        return self.answer(payment, status=201)


class PaymentViewSet(MailsDocuments, ListMixin, CreateMixin, RetrieveMixin, ResourceViewSet):
    """Money received from customers."""

    mail_action = "receipt"
    resource = "payments"
    queryset = Payment.objects.prefetch_related("allocations", "refunds")
    serializer_class = PaymentSerializer
    filterset_class = PaymentFilter
    example = PAYMENT
    example_body = {
        "customer_id": 1,
        "amount": Decimal("1500.00"),
        "date": "2024-01-15",
        "allocations": [{"invoice_id": 1, "amount": Decimal("1500.00")}],
    }
    sortable = ("id", "date", "amount", "created_at", "updated_at")

    def create_record(self, data: dict[str, Any]) -> Payment:
        return payments.record_payment(actor=self.actor, **data)

    @action(detail=True, methods=["post"], body_class=AllocateSerializer)
    def allocate(self, request: Any, pk: str) -> Response:
        """Put what is left of it, the customer's credit, against invoices of theirs."""
        data = self.validated()
        return self.answer(payments.allocate_payment(self.get_object(), actor=self.actor, **data))

    @action(detail=True, methods=["post"], body_class=RefundBodySerializer)
    def refund(self, request: Any, pk: str) -> Response:
        """Record money that went back: what is unallocated first, then the newest allocation."""
        data = self.validated()
        return self.answer(refunds.refund_payment(self.get_object(), actor=self.actor, **data))

    @action(detail=True, methods=["post"], body_class=ReversalSerializer)
    def reverse(self, request: Any, pk: str) -> Response:
        """Say that it never happened; its invoices are owed again."""
        data = self.validated()
        return self.answer(payments.reverse_payment(self.get_object(), actor=self.actor, **data))

    @action(detail=True, methods=["post"], body_class=MailBodySerializer)
    def receipt(self, request: Any, pk: str) -> Response:
        """Mail the customer that it arrived, and what it pays."""
        return self.mailed(**self.validated())


class TransactionViewSet(
    ListMixin, CreateMixin, RetrieveMixin, UpdateMixin, DeleteMixin, BatchMixin, ResourceViewSet
):
    """The cash book: income and expenses. A change or deletion is a reversal in the books."""

    resource = "transactions"
    queryset = Transaction.objects.all()
    serializer_class = TransactionSerializer
    filterset_class = TransactionFilter
    example = TRANSACTION
    example_body = {
        "type": "Income",
        "account_id": 1,
        "amount": Decimal("1500.00"),
        "category_id": 1,
        "description": "Website Development Payment",
        "date": "2024-01-15",
    }
    sortable = ("id", "date", "amount", "type", "created_at", "updated_at")

    def create_record(self, data: dict[str, Any]) -> Transaction:
        return transactions.create_transaction(actor=self.actor, **data)

    def create_records(self, items: list[dict[str, Any]]) -> list[Transaction]:
        return transactions.create_transactions(items, actor=self.actor)

    def update_record(self, record: Transaction, changes: dict[str, Any]) -> Transaction:
        changes.pop("invoice", None)
        return transactions.update_transaction(record, actor=self.actor, **changes)

    def delete_record(self, record: Transaction) -> str:
        transactions.delete_transaction(record, actor=self.actor)
        return "Transaction deleted"

    @action(detail=True, methods=["post"], body_class=ReversalSerializer)
    def reverse(self, request: Any, pk: str) -> Response:
        """Take a transaction out of the books on a date of its own."""
        data = self.validated()
        return self.answer(
            transactions.reverse_transaction(self.get_object(), actor=self.actor, **data)
        )
