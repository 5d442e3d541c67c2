"""The sidebar: what there is, grouped by what people do, each shown to who may see it."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from bizsuite.backoffice.permissions import may

# title, icon, resource of the roles' table, page
Page = tuple[Any, str, str, str]

GROUPS: list[tuple[Any, list[Page]]] = [
    (
        _("Sales"),
        [
            (_("My day"), "today", "leads", "crm_lead_my_day"),
            (_("Pipeline"), "view_kanban", "leads", "crm_lead_board"),
            (_("Leads"), "person_search", "leads", "crm_lead_changelist"),
            (_("Customers"), "groups", "customers", "customers_customer_changelist"),
            (_("Quotes"), "request_quote", "quotes", "billing_quote_changelist"),
            (_("Invoices"), "description", "invoices", "billing_invoice_changelist"),
            (_("Shared links"), "link", "links", "billing_sharedlink_changelist"),
            (
                _("Recurring invoices"),
                "event_repeat",
                "recurring-invoices",
                "billing_recurringinvoice_changelist",
            ),
            (
                _("Credit notes"),
                "assignment_return",
                "credit-notes",
                "billing_creditnote_changelist",
            ),
            (_("Reminders"), "alarm", "reminders", "billing_reminderlevel_changelist"),
            (_("Mail templates"), "drafts", "mail-templates", "billing_mailtemplate_changelist"),
        ],
    ),
    (
        _("Support"),
        [
            (_("Tickets"), "support_agent", "tickets", "support_ticket_changelist"),
            (_("Departments"), "groups_3", "departments", "support_department_changelist"),
            (_("Canned replies"), "quickreply", "tickets", "support_cannedreply_changelist"),
        ],
    ),
    (
        _("Money"),
        [
            (_("Payments"), "payments", "payments", "billing_payment_changelist"),
            (_("Write-offs"), "money_off", "write-offs", "billing_writeoff_changelist"),
            (_("Transactions"), "receipt_long", "transactions", "billing_transaction_changelist"),
            (_("Suppliers"), "storefront", "suppliers", "billing_supplier_changelist"),
            (_("Transfers"), "swap_horiz", "transfers", "billing_transfer_changelist"),
            (_("Accounts"), "account_balance", "accounts", "billing_account_changelist"),
            (
                _("Exchange rates"),
                "currency_exchange",
                "exchange-rates",
                "billing_exchangerate_changelist",
            ),
            (_("Categories"), "sell", "categories", "billing_category_changelist"),
            (_("Journal"), "menu_book", "journal", "billing_journalentry_changelist"),
            (_("Chart of accounts"), "balance", "journal", "billing_trial_balance"),
            (_("Closed years"), "event_available", "closed-years", "billing_closedyear_changelist"),
        ],
    ),
    (
        _("Catalogue"),
        [
            (_("Products"), "inventory_2", "products", "billing_product_changelist"),
        ],
    ),
    (
        _("Reports"),
        [
            (_("Financial report"), "monitoring", "reports", "reports_financial"),
        ],
    ),
    (
        _("System"),
        [
            (_("Users"), "badge", "users", "identity_user_changelist"),
            (_("Webhooks"), "webhook", "webhooks", "webhooks_webhookendpoint_changelist"),
            (_("Deliveries"), "local_shipping", "webhooks", "webhooks_delivery_changelist"),
            (_("Mails"), "outgoing_mail", "mail", "mail_outgoingmail_changelist"),
            (_("API keys"), "key", "keys", "identity_apikey_changelist"),
            (_("API usage"), "data_usage", "keys", "api_usage"),
            (_("Audit log"), "history", "audit", "events_event_changelist"),
            (_("Settings"), "settings", "settings", "identity_organisation_changelist"),
        ],
    ),
]


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """For the theme's SIDEBAR setting."""
    home = {"title": _("Home"), "icon": "home", "link": reverse("admin:index")}
    return [
        {"title": None, "items": [home]},
        *({"title": title, "items": [_item(page) for page in pages]} for title, pages in GROUPS),
    ]


def _item(page: Page) -> dict[str, Any]:
    title, icon, resource, name = page
    return {
        "title": title,
        "icon": icon,
        "link": reverse(f"admin:{name}"),
        "permission": _reader_of(resource),
        "active": _here(name),
    }


def _here(name: str) -> Callable[[HttpRequest], bool]:
    """Of two pages of which one's address begins with the other's, the longer one is shown."""

    def active(request: HttpRequest) -> bool:
        links = [reverse(f"admin:{page[-1]}") for _title, pages in GROUPS for page in pages]
        around = [link for link in links if request.path.startswith(link)]
        return bool(around) and max(around, key=len) == reverse(f"admin:{name}")

    return active


def _reader_of(resource: str) -> Callable[[HttpRequest], bool]:
    def permission(request: HttpRequest) -> bool:
        return may(request, "read", resource)

    return permission
