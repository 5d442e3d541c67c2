"""The public shapes of billing, shared by API, webhooks and exports."""

from billing.serializers.catalogue import (
    AccountSerializer,
    CategorySerializer,
    ProductSerializer,
    SupplierSerializer,
)
from billing.serializers.closed_years import ClosedYearSerializer
from billing.serializers.credit_notes import CreditNoteSerializer
from billing.serializers.documents import (
    AllocateSerializer,
    AllocationSerializer,
    InvoicePaymentSerializer,
    InvoiceSerializer,
    PaymentSerializer,
    RefundBodySerializer,
    RefundSerializer,
)
from billing.serializers.exchange_rates import ExchangeRateSerializer
from billing.serializers.items import (
    InvoiceItemSerializer,
    InvoiceTaxSerializer,
    QuoteItemSerializer,
    QuoteTaxSerializer,
)
from billing.serializers.mailing import MailBodySerializer, QuoteMailBodySerializer
from billing.serializers.quotes import (
    AnswerSerializer,
    DeclineSerializer,
    QuoteSerializer,
    QuoteVersionSerializer,
)
from billing.serializers.receipts import ReceiptSerializer
from billing.serializers.recurring import RecurringInvoiceSerializer, ResumeSerializer
from billing.serializers.shared_links import OpenLinkSerializer, SharedLinkSerializer
from billing.serializers.statements import StatementQuery, StatementSerializer
from billing.serializers.transactions import ReversalSerializer, TransactionSerializer
from billing.serializers.transfers import TransferSerializer
from billing.serializers.write_offs import WriteOffBodySerializer, WriteOffSerializer

__all__ = [
    "AccountSerializer",
    "AllocateSerializer",
    "AllocationSerializer",
    "AnswerSerializer",
    "CategorySerializer",
    "ClosedYearSerializer",
    "CreditNoteSerializer",
    "DeclineSerializer",
    "ExchangeRateSerializer",
    "InvoiceItemSerializer",
    "InvoicePaymentSerializer",
    "InvoiceSerializer",
    "InvoiceTaxSerializer",
    "MailBodySerializer",
    "OpenLinkSerializer",
    "PaymentSerializer",
    "ProductSerializer",
    "QuoteItemSerializer",
    "QuoteMailBodySerializer",
    "QuoteSerializer",
    "QuoteTaxSerializer",
    "QuoteVersionSerializer",
    "ReceiptSerializer",
    "RecurringInvoiceSerializer",
    "RefundBodySerializer",
    "RefundSerializer",
    "ResumeSerializer",
    "ReversalSerializer",
    "SharedLinkSerializer",
    "StatementQuery",
    "StatementSerializer",
    "SupplierSerializer",
    "TransactionSerializer",
    "TransferSerializer",
    "WriteOffBodySerializer",
    "WriteOffSerializer",
]
