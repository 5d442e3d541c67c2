"""The endpoints of billing."""

from billing.views.catalogue import (
    AccountViewSet,
    CategoryViewSet,
    ProductViewSet,
    SupplierViewSet,
)
from billing.views.closed_years import ClosedYearViewSet
from billing.views.credit_notes import CreditNoteViewSet
from billing.views.documents import (
    InvoicePaymentViewSet,
    InvoiceViewSet,
    PaymentViewSet,
    TransactionViewSet,
)
from billing.views.exchange_rates import ExchangeRateViewSet
from billing.views.quotes import QuoteViewSet
from billing.views.receipts import ReceiptViewSet
from billing.views.recurring import RecurringInvoiceViewSet
from billing.views.shared_links import SharedLinkViewSet
from billing.views.statements import StatementPdfView, StatementView
from billing.views.transfers import TransferViewSet
from billing.views.write_offs import WriteOffViewSet

__all__ = [
    "AccountViewSet",
    "CategoryViewSet",
    "ClosedYearViewSet",
    "CreditNoteViewSet",
    "ExchangeRateViewSet",
    "InvoicePaymentViewSet",
    "InvoiceViewSet",
    "PaymentViewSet",
    "ProductViewSet",
    "QuoteViewSet",
    "ReceiptViewSet",
    "RecurringInvoiceViewSet",
    "SharedLinkViewSet",
    "StatementPdfView",
    "StatementView",
    "SupplierViewSet",
    "TransactionViewSet",
    "TransferViewSet",
    "WriteOffViewSet",
]
