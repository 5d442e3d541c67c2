"""Who sees and who changes what in the admin: every page, every role, against a reviewed table."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin

from billing.models import MailTemplate, ReminderLevel
from bizsuite.events.models import Event
from bizsuite.identity.models import organisation
from bizsuite.identity.roles import Role
from tests.backoffice.staff import Staff, staff_client, text_of
from tests.factories import (
    make_account,
    make_canned_reply,
    make_category,
    make_closed_year,
    make_credit_note,
    make_customer,
    make_department,
    make_draft,
    make_exchange_rate,
    make_invoice,
    make_key,
    make_lead,
    make_link,
    make_mail,
    make_payment,
    make_product,
    make_quote,
    make_recurring_invoice,
    make_supplier,
    make_ticket,
    make_transaction,
    make_transfer,
    make_user,
    make_write_off,
)
from tests.webhooks.factories import make_delivery, make_endpoint

ADMINISTRATOR, ACCOUNTANT = {Role.ADMINISTRATOR}, {Role.ADMINISTRATOR, Role.ACCOUNTANT}
EVERYONE = set(Role)
BOOKKEEPING = ACCOUNTANT | {Role.VIEWER}
NOBODY: set[str] = set()

# Page: a record for it, who may look, who may add, change and delete.
Page = tuple[Callable[[], Any], set[str], set[str], set[str], set[str]]
AGENTS = {Role.ADMINISTRATOR, Role.SUPPORT}
SELLERS = {Role.ADMINISTRATOR, Role.ACCOUNTANT, Role.SALES, Role.SUPPORT}
QUOTE_WRITERS = ACCOUNTANT | {Role.SALES}
QUOTE_READERS = QUOTE_WRITERS | {Role.VIEWER}
LEAD_SELLERS = {Role.ADMINISTRATOR, Role.SALES}
PAGES: dict[str, Page] = {
    "customers.customer": (make_customer, EVERYONE, SELLERS, SELLERS, SELLERS),
    "billing.invoice": (make_draft, EVERYONE, ACCOUNTANT, ACCOUNTANT, ACCOUNTANT),
    "billing.quote": (make_quote, QUOTE_READERS, QUOTE_WRITERS, QUOTE_WRITERS, QUOTE_WRITERS),
    "billing.sharedlink": (make_link, QUOTE_READERS, NOBODY, NOBODY, NOBODY),
    "crm.lead": (make_lead, BOOKKEEPING | LEAD_SELLERS, *[LEAD_SELLERS] * 3),
    "billing.recurringinvoice": (make_recurring_invoice, BOOKKEEPING, *[ACCOUNTANT] * 3),
    "billing.payment": (make_payment, BOOKKEEPING, ACCOUNTANT, NOBODY, NOBODY),
    "billing.creditnote": (lambda: note(), BOOKKEEPING, NOBODY, NOBODY, NOBODY),
    "billing.writeoff": (make_write_off, BOOKKEEPING, NOBODY, NOBODY, NOBODY),
    "billing.closedyear": (make_closed_year, BOOKKEEPING, ACCOUNTANT, NOBODY, NOBODY),
    "billing.supplier": (make_supplier, BOOKKEEPING, ACCOUNTANT, ACCOUNTANT, ACCOUNTANT),
    "billing.transaction": (make_transaction, BOOKKEEPING, ACCOUNTANT, ACCOUNTANT, ACCOUNTANT),
    "billing.transfer": (make_transfer, BOOKKEEPING, ACCOUNTANT, NOBODY, NOBODY),
    "billing.exchangerate": (make_exchange_rate, BOOKKEEPING, ACCOUNTANT, ACCOUNTANT, ACCOUNTANT),
    "billing.account": (make_account, BOOKKEEPING, ACCOUNTANT, ACCOUNTANT, ACCOUNTANT),
    "billing.category": (make_category, BOOKKEEPING, ACCOUNTANT, ACCOUNTANT, ACCOUNTANT),
    "billing.product": (make_product, EVERYONE, ACCOUNTANT, ACCOUNTANT, ACCOUNTANT),
    "billing.mailtemplate": (lambda: first(MailTemplate), BOOKKEEPING, NOBODY, ACCOUNTANT, NOBODY),
    "billing.reminderlevel": (
        lambda: first(ReminderLevel),
        BOOKKEEPING,
        ACCOUNTANT,
        ACCOUNTANT,
        ACCOUNTANT,
    ),
    "billing.journalentry": (lambda: entry(), BOOKKEEPING, NOBODY, NOBODY, NOBODY),
    "identity.user": (make_user, ADMINISTRATOR, ADMINISTRATOR, ADMINISTRATOR, ADMINISTRATOR),
    "identity.apikey": (lambda: make_key()[0], ADMINISTRATOR, ADMINISTRATOR, NOBODY, NOBODY),
    "identity.organisation": (organisation, ADMINISTRATOR, NOBODY, ADMINISTRATOR, NOBODY),
    "events.event": (lambda: event(), ADMINISTRATOR, NOBODY, NOBODY, NOBODY),
    "webhooks.webhookendpoint": (
        make_endpoint,
        ADMINISTRATOR,
        ADMINISTRATOR,
        ADMINISTRATOR,
        ADMINISTRATOR,
    ),
    "support.ticket": (make_ticket, EVERYONE, AGENTS, AGENTS, AGENTS),
    "support.department": (make_department, BOOKKEEPING | AGENTS, AGENTS, AGENTS, AGENTS),
    "support.cannedreply": (make_canned_reply, EVERYONE, AGENTS, AGENTS, AGENTS),
    "mail.outgoingmail": (make_mail, ADMINISTRATOR, NOBODY, NOBODY, NOBODY),
    "webhooks.delivery": (make_delivery, ADMINISTRATOR, NOBODY, NOBODY, NOBODY),
}
# Buttons: who may press them, where that is not who changes the page's records.
BUTTONS: dict[tuple[str, str], set[str]] = {
    ("billing.invoice", "share"): QUOTE_WRITERS,
    ("billing.sharedlink", "revoke"): QUOTE_WRITERS,
    ("billing.payment", "allocate"): ACCOUNTANT,
    ("billing.payment", "refund"): ACCOUNTANT,
    ("billing.payment", "reverse"): ACCOUNTANT,
    ("billing.closedyear", "reopen"): ACCOUNTANT,
    ("billing.writeoff", "reverse"): ACCOUNTANT,
    ("billing.payment", "send_by_mail"): ACCOUNTANT,
    ("billing.creditnote", "send_by_mail"): ACCOUNTANT,
    ("identity.apikey", "restrict"): ADMINISTRATOR,
    ("identity.apikey", "signing"): ADMINISTRATOR,
    ("identity.apikey", "revoke"): ADMINISTRATOR,
    ("webhooks.delivery", "resend"): ADMINISTRATOR,
    ("mail.outgoingmail", "retry"): ADMINISTRATOR,
    ("events.event", "erase"): ADMINISTRATOR,
}


def first(model: Any) -> Any:
    """One of those that an installation begins with."""
    return model.objects.first()


def note() -> Any:
    return make_credit_note(make_invoice())


def entry() -> Any:
    make_invoice()
    return registered("billing.journalentry").model.objects.get()


def event() -> Event:
    make_customer()
    return Event.objects.get(type="customer.created")


def registered(label: str) -> Any:
    return next(
        model_admin
        for model, model_admin in admin.site._registry.items()
        if model._meta.label_lower == label
    )


def url(label: str, page: str = "") -> str:
    return f"/admin/{label.replace('.', '/')}/{page}"


@pytest.fixture(params=list(Role))
def staff(request, db) -> Staff:
    return staff_client(make_user(role=request.param))


def status(allowed: bool) -> int:
    return 200 if allowed else 403


def test_every_page_is_in_the_table():
    assert {model._meta.label_lower for model in admin.site._registry} == set(PAGES)


@pytest.mark.parametrize("label", PAGES)
def test_pages_open_for_whom_the_table_names(staff, label):
    make, readers, adders, _changers, deleters = PAGES[label]
    role, record = staff.user.role, make()

    listed = staff.get(url(label))
    if label == "identity.organisation":  # one record: the list leads to it
        assert listed.status_code == 302
    else:
        assert listed.status_code == status(role in readers)
    assert staff.get(url(label, f"{record.pk}/change/")).status_code == status(role in readers)
    assert staff.get(url(label, f"{record.pk}/history/")).status_code == status(role in readers)
    exports = registered(label).serializer_class is not None
    assert staff.get(url(label, "export/")).status_code == status(role in readers and exports)
    assert staff.get(url(label, "add/")).status_code == status(role in adders)
    assert staff.get(url(label, f"{record.pk}/delete/")).status_code == status(role in deleters)


@pytest.mark.parametrize("label", PAGES)
def test_what_the_table_denies_changes_nothing(staff, label):
    make, _readers, adders, changers, deleters = PAGES[label]
    role, record = staff.user.role, make()
    before = Event.objects.count(), type(record).objects.count()

    if role not in adders:
        assert staff.post(url(label, "add/"), {"name": "New"}).status_code == 403
    if role not in changers:
        assert staff.post(url(label, f"{record.pk}/change/"), {"name": "x"}).status_code == 403
    if role not in deleters:
        assert staff.post(url(label, f"{record.pk}/delete/")).status_code == 403
        staff.post(
            url(label), {"action": "delete_selected", "_selected_action": record.pk, "confirmed": 1}
        )

    assert (Event.objects.count(), type(record).objects.count()) == before


@pytest.mark.parametrize(
    ("label", "name"),
    [(label, name) for label in PAGES for name in registered(label).record_actions],
)
def test_buttons_are_for_whom_the_table_names(staff, label, name):
    make, _readers, _adders, changers, _deleters = PAGES[label]
    record = make()
    before = Event.objects.count()
    pressers = BUTTONS.get((label, name), changers)

    page = staff.get(url(label, f"{record.pk}/{name.replace('_', '-')}/"))
    assert page.status_code == status(staff.user.role in pressers)
    if staff.user.role not in pressers:
        answer = staff.post(url(label, f"{record.pk}/{name.replace('_', '-')}/"))
        assert answer.status_code == 403
    assert Event.objects.count() == before


def test_the_sidebar_shows_what_may_be_seen(staff):
    role = staff.user.role

    text = text_of(staff.get("/admin/"))

    for label, (_make, readers, *_others) in PAGES.items():
        assert (f'href="{url(label)}"' in text) == (role in readers), label
    assert ('href="/admin/reports/financial/"' in text) == (role in BOOKKEEPING)


def test_the_search_finds_only_what_may_be_seen(staff):
    make_customer(account="Findable")
    make_payment(customer=make_customer(account="Findable too"), reference="findable")

    text = text_of(staff.get("/admin/search/", {"s": "findable", "extended": "1"}))

    assert "/admin/customers/customer/" in text
    assert ("/admin/billing/payment/" in text) == (staff.user.role in BOOKKEEPING)


def test_nobody_sees_anything_without_signing_in(nobody):
    for label in PAGES:
        answer = nobody.get(url(label))
        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/login/")


def test_a_user_made_inactive_is_out_at_once(administrator):
    colleague = staff_client(make_user(role=Role.VIEWER))
    assert colleague.get("/admin/").status_code == 200

    administrator.send(url("identity.user", f"{colleague.user.pk}/change/"), {"is_active": ""})

    assert colleague.get("/admin/").status_code == 302
