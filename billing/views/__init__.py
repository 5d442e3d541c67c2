"""The endpoints of billing."""

from billing.views.catalogue import (
    AccountViewSet,
    CategoryViewSet,
    ProductViewSet,
)
from billing.views.documents import (
    InvoicePaymentViewSet,
    InvoiceViewSet,
    PaymentViewSet,
    TransactionViewSet,
)

__all__ = [
    "AccountViewSet",
    "CategoryViewSet",
    "InvoicePaymentViewSet",
    "InvoiceViewSet",
    "PaymentViewSet",
    "ProductViewSet",
    "TransactionViewSet",
]
