"""The public shapes of billing, shared by API, webhooks and exports."""

from billing.serializers.catalogue import (
    AccountSerializer,
    CategorySerializer,
    ProductSerializer,
)
from billing.serializers.documents import (
    AllocateSerializer,
    AllocationSerializer,
    InvoiceItemSerializer,
    InvoicePaymentSerializer,
    InvoiceSerializer,
    InvoiceTaxSerializer,
    PaymentSerializer,
    RefundBodySerializer,
    RefundSerializer,
    ReversalSerializer,
    TransactionSerializer,
)

__all__ = [
    "AccountSerializer",
    "AllocateSerializer",
    "AllocationSerializer",
    "CategorySerializer",
    "InvoiceItemSerializer",
    "InvoicePaymentSerializer",
    "InvoiceSerializer",
    "InvoiceTaxSerializer",
    "PaymentSerializer",
    "ProductSerializer",
    "RefundBodySerializer",
    "RefundSerializer",
    "ReversalSerializer",
    "TransactionSerializer",
]
