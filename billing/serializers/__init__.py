"""The public shapes of billing, shared by API, webhooks and exports."""

from billing.serializers.catalogue import (
    AccountSerializer,
    CategorySerializer,
    ProductSerializer,
)
from billing.serializers.documents import (
    AllocationSerializer,
    InvoiceItemSerializer,
    InvoicePaymentSerializer,
    InvoiceSerializer,
    InvoiceTaxSerializer,
    PaymentSerializer,
    ReversalSerializer,
    TransactionSerializer,
)

__all__ = [
    "AccountSerializer",
    "AllocationSerializer",
    "CategorySerializer",
    "InvoiceItemSerializer",
    "InvoicePaymentSerializer",
    "InvoiceSerializer",
    "InvoiceTaxSerializer",
    "PaymentSerializer",
    "ProductSerializer",
    "ReversalSerializer",
    "TransactionSerializer",
]
