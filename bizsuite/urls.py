"""Every address of the product."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from rest_framework.routers import SimpleRouter

from billing.views import (
    AccountViewSet,
    CategoryViewSet,
    ClosedYearViewSet,
    CreditNoteViewSet,
    ExchangeRateViewSet,
    InvoicePaymentViewSet,
    InvoiceViewSet,
    PaymentViewSet,
    ProductViewSet,
    QuoteViewSet,
    ReceiptViewSet,
    RecurringInvoiceViewSet,
    SharedLinkViewSet,
    StatementPdfView,
    StatementView,
    SupplierViewSet,
    TransactionViewSet,
    TransferViewSet,
    WriteOffViewSet,
)
from bizsuite.api.batches import batch_path
from bizsuite.api.documentation import RedocPage, SchemaView, SwaggerPage
from bizsuite.api.index import IndexView
from bizsuite.feed.views import EventViewSet
from bizsuite.team.assignees import AssigneeViewSet
from bizsuite.team.views import UserViewSet
from bizsuite.usage.views import UsageViewSet
from crm.views import LeadNoteViewSet, LeadViewSet
from customers.views import CustomerViewSet
from reporting.views import FinancialReportView
from support.views import AttachmentViewSet, DepartmentViewSet, ReplyViewSet, TicketViewSet
from webhooks.views import DeliveryViewSet, WebhookViewSet

router = SimpleRouter(trailing_slash=False)
router.register("customers", CustomerViewSet, basename="customers")
router.register("invoices", InvoiceViewSet, basename="invoices")
router.register(
    r"invoices/(?P<invoice_pk>[0-9]{1,18})/payments",
    InvoicePaymentViewSet,
    basename="invoice-payments",
)
router.register("payments", PaymentViewSet, basename="payments")
router.register("credit-notes", CreditNoteViewSet, basename="credit-notes")
router.register("write-offs", WriteOffViewSet, basename="write-offs")
router.register("transactions", TransactionViewSet, basename="transactions")
router.register(
    r"transactions/(?P<transaction_pk>[0-9]{1,18})/receipts",
    ReceiptViewSet,
    basename="transaction-receipts",
)
router.register("suppliers", SupplierViewSet, basename="suppliers")
router.register("transfers", TransferViewSet, basename="transfers")
router.register("closed-years", ClosedYearViewSet, basename="closed-years")
router.register("accounts", AccountViewSet, basename="accounts")
router.register("categories", CategoryViewSet, basename="categories")
router.register("exchange-rates", ExchangeRateViewSet, basename="exchange-rates")
router.register("products", ProductViewSet, basename="products")
router.register("leads", LeadViewSet, basename="leads")
router.register(r"leads/(?P<lead_pk>[0-9]{1,18})/notes", LeadNoteViewSet, basename="lead-notes")
router.register("assignees", AssigneeViewSet, basename="assignees")
router.register("users", UserViewSet, basename="users")
router.register("tickets", TicketViewSet, basename="tickets")
router.register(
    r"tickets/(?P<ticket_pk>[0-9]{1,18})/replies", ReplyViewSet, basename="ticket-replies"
)
router.register(
    r"tickets/(?P<ticket_pk>[0-9]{1,18})/attachments",
    AttachmentViewSet,
    basename="ticket-attachments",
)
router.register("departments", DepartmentViewSet, basename="departments")
router.register("recurring-invoices", RecurringInvoiceViewSet, basename="recurring-invoices")
router.register("quotes", QuoteViewSet, basename="quotes")
router.register("links", SharedLinkViewSet, basename="links")
router.register("usage", UsageViewSet, basename="usage")
router.register("events", EventViewSet, basename="events")
router.register("webhooks/deliveries", DeliveryViewSet, basename="webhook-deliveries")
router.register("webhooks", WebhookViewSet, basename="webhooks")

REPORTS = [path("reports/financial", FinancialReportView.as_view(), name="report-financial")]
BATCHES = [
    batch_path(CustomerViewSet),
    batch_path(ProductViewSet),
    batch_path(LeadViewSet),
    batch_path(InvoiceViewSet),
    batch_path(TransactionViewSet),
]
RESOURCES = (
    *(prefix for prefix, *_ in router.registry if "/" not in prefix),
    *(str(each.pattern) for each in (*REPORTS, *BATCHES)),
)

api = [
    path("", IndexView.as_view(resources=RESOURCES), name="api-index"),
    path("schema", SchemaView.as_view(), name="api-schema"),
    path("docs", SwaggerPage.as_view(), name="api-docs"),
    path("redoc", RedocPage.as_view(), name="api-redoc"),
    re_path(
        r"^customers/(?P<customer_pk>[0-9]{1,18})/statement$",
        StatementView.as_view(),
        name="customer-statement",
    ),
    re_path(
        r"^customers/(?P<customer_pk>[0-9]{1,18})/statement/pdf$",
        StatementPdfView.as_view(),
        name="customer-statement-pdf",
    ),
    *REPORTS,
    *BATCHES,
    *router.urls,
]

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("api/v2/", include(api)),
    path("d/", include("billing.hosted.urls")),
]

handler400 = "bizsuite.api.handlers.bad_request"
handler403 = "bizsuite.api.handlers.permission_denied"
handler404 = "bizsuite.api.handlers.page_not_found"
handler500 = "bizsuite.api.handlers.server_error"
