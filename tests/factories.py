"""Test data, made by our own actions, so that it is always legal."""

import datetime
import itertools
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from billing import (
    catalogue,
    closed_years,
    credit_notes,
    exchange_rates,
    invoices,
    payments,
    quotes,
    receipts,
    recurring_invoices,
    shared_links,
    transactions,
    transfers,
    write_offs,
)
from billing.defaults import default_account
from billing.models import (
    Account,
    Category,
    ClosedYear,
    CreditNote,
    ExchangeRate,
    Invoice,
    Payment,
    Product,
    Quote,
    QuoteVersion,
    Receipt,
    RecurringInvoice,
    SharedLink,
    Supplier,
    Transaction,
    Transfer,
    WriteOff,
)
from billing.models.quotes import QuoteStatus
from billing.shared_links import Shareable
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import ApiKey, User, organisation
from bizsuite.identity.roles import Role
from bizsuite.mail.mails import NewMail, queue_mail
from bizsuite.mail.models import OutgoingMail
from bizsuite.team import keys, profile, users
from bizsuite.usage.models import HourlyUsage
from crm import leads, notes
from crm.models import Lead, LeadNote
from customers import customers
from customers.models import Customer
from support import attachments, canned_replies, departments, replies, tickets
from support.models import Attachment, CannedReply, Department, Reply, Ticket

SYSTEM = Actor.system("cli")
PASSWORD = "correct horse battery staple"
# The reference's own: any fixed day in the past.
DAY = datetime.date(2024, 1, 15)

_numbers = itertools.count(1)


def make_user(
    *,
    email: str | None = None,
    name: str = "Ada Reyes",
    password: str = PASSWORD,
    role: str = Role.ADMINISTRATOR,
) -> User:
    return users.create_user(
        email=email or f"user{next(_numbers)}@example.com",
        name=name,
        password=password,
        role=role,
        actor=SYSTEM,
    )


def make_key(
    user: User | None = None,
    *,
    role: str = Role.ADMINISTRATOR,
    name: str = "Tests",
    scopes: tuple[str, ...] = (),
    rate_limit: int | None = None,
    expires_at: datetime.datetime | None = None,
    allowed_networks: Sequence[str] = (),
) -> tuple[ApiKey, str]:
    """The key's row and the key itself; of `user`, or of a new one with `role`."""
    return keys.create_api_key(
        user or make_user(role=role),
        name=name,
        scopes=scopes,
        rate_limit=rate_limit,
        expires_at=expires_at,
        allowed_networks=allowed_networks,
        actor=SYSTEM,
    )


def make_customer(**fields: Any) -> Customer:
    return customers.create_customer(actor=SYSTEM, **({"account": "Jane Smith"} | fields))


def make_lead(**fields: Any) -> Lead:
    names = {} if {"first_name", "company"} & set(fields) else {"first_name": "John"}
    return leads.create_lead(actor=SYSTEM, **names, **fields)


def make_lead_note(lead: Lead | None = None, text: str = "Called.", **fields: Any) -> LeadNote:
    return notes.add_note(
        lead or make_lead(), text=text, actor=SYSTEM, **({"now": timezone.now()} | fields)
    )


def new_item(
    amount: str | Decimal = "100.00",
    quantity: str | int = 1,
    tax_rate: str | int = 0,
    **fields: Any,
) -> dict[str, Any]:
    """An invoice's item as the actions take it."""
    return {
        "description": "Consulting",
        "amount": Decimal(amount),
        "quantity": Decimal(quantity),
        "tax_rate": Decimal(tax_rate),
    } | fields


def new_invoice(
    amount: str | Decimal = "100.00", tax_rate: str | int = 0, **fields: Any
) -> dict[str, Any]:
    """An invoice as the actions take it; with one item of `amount` unless `items` are given."""
    if "customer" not in fields:
        fields["customer"] = make_customer()
    if "items" not in fields:
        fields["items"] = [new_item(amount, tax_rate=tax_rate)]
    return {"date": DAY} | fields


def make_invoice(*arguments: Any, **fields: Any) -> Invoice:
    """An issued invoice; see `new_invoice`."""
    return invoices.create_invoice(actor=SYSTEM, **new_invoice(*arguments, **fields))


def make_draft(*arguments: Any, **fields: Any) -> Invoice:
    return make_invoice(*arguments, draft=True, **fields)


def new_quote(amount: str | Decimal = "100.00", **fields: Any) -> dict[str, Any]:
    """A quote as the actions take it, valid for a month from today unless told otherwise."""
    return {
        "customer": fields.get("customer") or make_customer(),
        "items": [new_item(amount)],
    } | fields


def make_quote(*arguments: Any, **fields: Any) -> Quote:
    """A draft; see `new_quote`."""
    return quotes.create_quote(actor=SYSTEM, **new_quote(*arguments, **fields))


def make_version(quote: Quote) -> QuoteVersion:
    """What the customer had of a quote until it was changed."""
    if quote.status == QuoteStatus.DRAFT:
        quote = quotes.send_quote(quote, actor=SYSTEM)
    quotes.update_quote(quote, notes=f"Revised {next(_numbers)}", actor=SYSTEM)
    return quote.versions.get(revision=quote.revision - 1)


def make_link(document: Shareable | None = None) -> SharedLink:
    """Of a new invoice, unless told otherwise."""
    return shared_links.share_link(document or make_invoice(), actor=SYSTEM, now=timezone.now())[0]


def make_recurring_invoice(amount: str | Decimal = "100.00", **fields: Any) -> RecurringInvoice:
    """Monthly from the middle of January 2024 on, unless told otherwise."""
    values = {"interval": "monthly", "start_date": DAY} | fields
    values.setdefault("items", [new_item(amount)])
    if "customer" not in values:
        values["customer"] = make_customer()
    return recurring_invoices.create_recurring_invoice(actor=SYSTEM, **values)


def make_payment(
    amount: str | Decimal = "100.00", *, invoice: Invoice | None = None, **fields: Any
) -> Payment:
    """A payment on `invoice`, or credit of a customer's."""
    values = {"amount": Decimal(amount), "date": DAY, "actor": SYSTEM} | fields
    if invoice is not None:
        return payments.pay_invoice(invoice, **values)
    return payments.record_payment(
        **({"customer": values.get("customer") or make_customer()} | values)
    )


def make_credit_note(
    invoice: Invoice, *credited: tuple[int, str | Decimal], **fields: Any
) -> CreditNote:
    """credited: (which item of the invoice, how much of it without tax) each; none, all of it."""
    if credited:
        items = list(invoice.items.all())
        fields["items"] = [
            {"invoice_item": items[index], "total": Decimal(total)} for index, total in credited
        ]
    return credit_notes.create_credit_note(invoice, actor=SYSTEM, **({"date": DAY} | fields))


def make_write_off(
    invoice: Invoice | None = None, amount: str | Decimal | None = None, **fields: Any
) -> WriteOff:
    """Of all that is owed on `invoice`, or on a new one, unless an amount is given."""
    return write_offs.write_off_invoice(
        invoice or make_invoice(),
        amount=None if amount is None else Decimal(amount),
        actor=SYSTEM,
        **({"date": DAY} | fields),
    )


def make_closed_year(year: int | None = None) -> ClosedYear:
    """The year, or the next one: each call closes another."""
    if year is None:
        last = ClosedYear.objects.standing().order_by("last_day").last()
        year = last.last_day.year + 1 if last else 1950
    return closed_years.close_year(last_day=datetime.date(year, 12, 31), actor=SYSTEM)


def make_account(name: str = "Bank", opening_balance: str = "0", **fields: Any) -> Account:
    return catalogue.create_account(
        name=name,
        opening_balance=Decimal(opening_balance),
        actor=SYSTEM,
        **({"type": "Bank"} | fields),
    )


def make_category(name: str = "Rent", flow: str = "Expense", **fields: Any) -> Category:
    return catalogue.create_category(name=name, type=flow, actor=SYSTEM, **fields)


def make_supplier(name: str = "Paper & Ink Ltd", **fields: Any) -> Supplier:
    return catalogue.create_supplier(name=name, actor=SYSTEM, **fields)


def make_receipt(line: Transaction | None = None, **fields: Any) -> Receipt:
    values = {"name": "invoice.pdf", "content": b"%PDF-1.7", "actor": SYSTEM}
    return receipts.attach_receipt(line or make_transaction(), **(values | fields))


def make_product(name: str = "Web Hosting", price: str = "99.99", **fields: Any) -> Product:
    return catalogue.create_product(name=name, price=Decimal(price), actor=SYSTEM, **fields)


def make_transaction(
    amount: str | Decimal = "100.00", flow: str = "Income", **fields: Any
) -> Transaction:
    """Income in the category "Sales", or an expense in a category of its own, from "Cash"."""
    if "category" not in fields:
        income = Category.objects.filter(pk=1).first() if flow == "Income" else None
        fields["category"] = income or make_category(flow=flow)
    values = {"account": default_account(), "date": DAY} | fields
    return transactions.create_transaction(
        type=flow, amount=Decimal(amount), actor=SYSTEM, **values
    )


def make_department(name: str = "Billing", **fields: Any) -> Department:
    return departments.create_department(name=name, actor=SYSTEM, **fields)


def make_ticket(**fields: Any) -> Ticket:
    """An open ticket of `customer`, or of a new one."""
    if "customer" not in fields:
        fields["customer"] = make_customer()
    values = {"subject": "Cannot sign in", "message": "It says that my key is wrong."}
    return tickets.create_ticket(actor=SYSTEM, **(values | fields))


def make_reply(ticket: Ticket | None = None, **fields: Any) -> Reply:
    """By staff, unless the `author` is "customer"."""
    values = {"message": "Which version is it?", "actor": SYSTEM}
    return replies.add_reply(ticket or make_ticket(), **(values | fields))


def make_canned_reply(title: str = "Greeting", **fields: Any) -> CannedReply:
    values = {"text": "Hello {customer}", "actor": SYSTEM}
    return canned_replies.create_canned_reply(title=title, **(values | fields))


def make_attachment(ticket: Ticket | None = None, **fields: Any) -> Attachment:
    """A file of a ticket's first message."""
    values = {"name": "error.txt", "content": b"It says no.", "actor": SYSTEM}
    return attachments.attach_file(ticket or make_ticket(), **(values | fields))


@transaction.atomic
def make_mail(to: str = "jane@example.com", **fields: Any) -> OutgoingMail:
    """A mail in the queue; to what is no address, one that failed."""
    new = {"subject": "Hello", "body": "Text", "resource": "ticket", "object_id": 1} | fields
    return queue_mail(NewMail(to=to, **new), now=timezone.now())


def make_exchange_rate(
    currency: str | None = None, rate: str | Decimal = "1.0945", **fields: Any
) -> ExchangeRate:
    """Of a day of its own, unless told otherwise."""
    values = {"date": DAY + datetime.timedelta(days=next(_numbers)), "currency": currency or "EUR"}
    return exchange_rates.create_exchange_rate(
        rate=Decimal(rate), actor=SYSTEM, **(values | fields)
    )


def make_transfer(amount: str | Decimal = "100.00", **fields: Any) -> Transfer:
    """From "Cash" to another account, unless told otherwise."""
    accounts = {
        "from_account": fields.get("from_account") or default_account(),
        "to_account": fields.get("to_account") or make_account(),
    }
    values = {"date": DAY} | fields | accounts
    return transfers.create_transfer(amount=Decimal(amount), actor=SYSTEM, **values)


def make_usage(key: ApiKey | None = None, **fields: Any) -> HourlyUsage:
    """Requests of `key`, or of a new one, in the hour from ten o'clock on."""
    hour = datetime.datetime(2024, 1, 15, 10, tzinfo=datetime.UTC)
    values = {
        "hour": hour,
        "endpoint": f"GET /api/v2/customers/{next(_numbers)}",
        "status": 200,
        "requests": 1,
        "last_at": fields.get("hour", hour) + datetime.timedelta(minutes=5),
    }
    return HourlyUsage.objects.create(api_key=key or make_key()[0], **(values | fields))


def close_period(until: datetime.date | None) -> None:
    profile.update_organisation(organisation(), closed_until=until, actor=SYSTEM)


def keep_books_in(currency: str) -> None:
    """Before the first document: the organisation's currency, which its accounts follow."""
    profile.update_organisation(organisation(), currency=currency, actor=SYSTEM)
