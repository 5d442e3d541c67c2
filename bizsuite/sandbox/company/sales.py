"""Customers, what they were sold, and what they paid."""

import datetime
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from django.conf import settings

from billing.catalogue import create_account, create_product
from billing.credit_notes import create_credit_note
from billing.invoices import create_invoices, void_invoice
from billing.models import Invoice, Product, Quote
from billing.payments import pay_invoice, record_payment
from billing.quotes import (
    accept_quote,
    convert_quote,
    create_quotes,
    decline_quote,
    send_quote,
    update_quote,
)
from billing.refunds import refund_payment
from billing.shared_links import Shareable, share
from billing.write_offs import write_off_invoice
from bizsuite.sandbox.company.names import CUSTOMERS, PRODUCTS
from bizsuite.sandbox.company.story import Story
from customers.customers import create_customers

RETAINERS = 6  # customers who pay for care and hosting every month
MONTHS = 12
PROJECTS = 46
LONGEST_AGO_DAYS = 380
# From so many on a thing is cheaper.
MANY = 250
HOME = "GB"
# After this time nearly everybody has paid.
PATIENCE_DAYS = 48
METHODS = ("Bank transfer", "Bank transfer", "Card", "Direct debit")

NewDocument = dict[str, Any]


def sell(story: Story) -> None:
    _open_for_business(story)
    invoices = create_invoices(
        sorted([*_retainers(story), *_projects(story)], key=lambda invoice: invoice["date"]),
        actor=story.actor,
    )
    _leave_some_unfinished(story)
    _get_paid(story, invoices)
    _credit(story, invoices)
    _write_off(story, invoices)
    _quote(story)


def _open_for_business(story: Story) -> None:
    story.customers = create_customers(
        [
            {
                "account": account,
                "contact_name": contact,
                "email": email,
                "phone": f"0117 496 0{number:03}",
                "address": f"{story.random.randint(1, 180)} {story.random.choice(STREETS)}",
                "city": city,
                "zip": code,
                "country": country,
            }
            for number, (account, contact, email, city, code, country) in enumerate(CUSTOMERS, 100)
        ],
        actor=story.actor,
    )
    for name, kind, price, rate, unit in PRODUCTS:
        story.products[name] = create_product(
            name=name,
            type=kind,
            price=Decimal(price),
            tax_rate=Decimal(rate),
            unit=unit,
            actor=story.actor,
        )
    story.accounts["bank"] = create_account(
        name="Business account", type="Bank", opening_balance=Decimal("12500"), actor=story.actor
    )


STREETS = ("High Street", "Station Road", "Mill Lane", "Church Row", "Victoria Parade")


def _item(product: Product, quantity: str | int = 1, description: str = "") -> dict[str, Any]:
    return {
        "description": description or product.name,
        "amount": product.price,
        "quantity": Decimal(quantity),
        "tax_rate": product.tax_rate,
        "product": product,
    }


def _retainers(story: Story) -> Iterator[NewDocument]:
    """A care plan and hosting, on the same day of each month."""
    for number, customer in enumerate(story.customers[:RETAINERS]):
        for month in range(MONTHS):
            yield {
                "customer": customer,
                "date": story.days_ago(30 * month + 2 * number),
                "items": [_item(story.products["Care plan"]), _hosting(story, number)],
            }


def _hosting(story: Story, number: int) -> dict[str, Any]:
    return _item(story.products["Managed hosting"], 1 + number % 3)


def _projects(story: Story) -> Iterator[NewDocument]:
    for number in range(PROJECTS):
        customer = story.random.choice(story.customers)
        date = story.days_ago(story.random.randint(1, LONGEST_AGO_DAYS))
        items = _work(story)
        if customer.country != HOME:
            items = [item | {"tax_rate": None, "tax_category": "reverse_charge"} for item in items]
        yield {"customer": customer, "date": date, "items": items} | _terms(number, date)


def _terms(number: int, date: datetime.date) -> NewDocument:
    """Some have an order's number, some were delivered before, some got a discount."""
    terms: NewDocument = {}
    if number % 3 == 1:
        terms |= {"reference": f"PO-{4100 + 7 * number}"}
    if number % 5 == 2:
        terms |= {"supply_date": date - datetime.timedelta(days=4)}
    if number % 8 == 3:
        terms |= {"discount_percent": Decimal("7.5")}
    return terms


def _work(story: Story) -> list[dict[str, Any]]:
    """One to three different things, some of them by the day or the piece."""
    names = story.random.sample(
        [name for name, *_ in PRODUCTS if name not in ("Care plan", "Managed hosting")],
        story.random.randint(1, 3),
    )
    quantities = {"Design day": ("0.5", "1", "2", "3.5"), "Printed brochure": ("100", "250")}
    items = [
        _item(story.products[name], story.random.choice(quantities.get(name, ("1",))))
        for name in names
    ]
    for item in items:
        if item["quantity"] >= MANY:
            item["discount_percent"] = Decimal(10)
    return items


def _leave_some_unfinished(story: Story) -> None:
    """Drafts, and one that was a mistake."""
    drafts = [
        {"customer": customer, "date": story.today, "items": _work(story), "draft": True}
        for customer in story.customers[7:10]
    ]
    create_invoices(drafts, actor=story.actor)
    mistakes = create_invoices(
        [
            {"customer": customer, "date": story.days_ago(days), "items": _work(story)}
            for customer, days in ((story.customers[11], 20), (story.customers[12], 3))
        ],
        actor=story.actor,
    )
    for invoice in mistakes:
        void_invoice(invoice, actor=story.actor)


def _get_paid(story: Story, invoices: list[Invoice]) -> None:
    """Old invoices are paid but for a few; of the new ones some are, wholly or in part."""
    for number, invoice in enumerate(invoices):
        age = (story.today - invoice.date).days
        forgotten = number % 19 == 7
        if forgotten or (age < PATIENCE_DAYS and story.random.random() < 0.6):
            continue
        in_part = number % 13 == 5
        share = Decimal("0.5") if in_part else Decimal(1)
        _pay(story, invoice, (invoice.amount * share).quantize(Decimal("0.01")), age)
    _pay_too_much(story)


def _pay(story: Story, invoice: Invoice, amount: Decimal, age: int) -> None:
    days = min(age, story.random.randint(4, 34))
    pay_invoice(
        invoice,
        amount=amount,
        date=invoice.date + datetime.timedelta(days=days),
        method=story.random.choice(METHODS),
        reference=str(invoice.number),
        account=story.accounts["bank"],
        actor=story.actor,
    )


def _pay_too_much(story: Story) -> None:
    """A deposit that waits for its invoice, and one of which half went back."""
    for customer, amount, days in (
        (story.customers[13], "500", 9),
        (story.customers[14], "300", 26),
    ):
        payment = record_payment(
            customer=customer,
            amount=Decimal(amount),
            date=story.days_ago(days),
            method="Bank transfer",
            reference="Deposit",
            account=story.accounts["bank"],
            actor=story.actor,
        )
    refund_payment(payment, amount=Decimal("150"), date=story.days_ago(12), actor=story.actor)


def _credit(story: Story, invoices: list[Invoice]) -> None:
    """One item each of an invoice that is still open and of one that was paid."""
    reasons = ("One item was not delivered", "Wrong colours: our mistake")
    still_open = [invoice for invoice in _fresh(invoices) if invoice.balance == invoice.amount]
    paid = [invoice for invoice in _fresh(invoices) if not invoice.balance]
    for invoice, reason in zip((still_open[-2], paid[-2]), reasons, strict=True):
        first = invoice.items.order_by("position", "pk")[0]
        create_credit_note(
            invoice,
            items=[{"invoice_item": first}],
            date=story.today,
            reason=reason,
            actor=story.actor,
        )


def _write_off(story: Story, invoices: list[Invoice]) -> None:
    """Of the oldest invoice that is still open: its customer has gone out of business."""
    oldest = min(
        (invoice for invoice in _fresh(invoices) if invoice.is_open()),
        key=lambda invoice: invoice.due_date,
    )
    write_off_invoice(
        oldest, date=story.days_ago(4), reason="Gone out of business", actor=story.actor
    )


def _fresh(invoices: list[Invoice]) -> Iterable[Invoice]:
    """As they are after the payments."""
    numbers = [invoice.pk for invoice in invoices]
    return Invoice.objects.filter(pk__in=numbers).order_by("pk")


def _quote(story: Story) -> None:
    """Quotes in every state; the oldest has run out."""
    days_ago = (75, 40, 33, 21, 14, 9, 5, 1)
    quotes = create_quotes(
        [
            {
                "customer": story.customers[(5 + 2 * number) % len(story.customers)],
                "date": story.days_ago(days),
                "valid_until": story.days_ago(days - (30 if number == 0 else 60)),
                "items": _work(story),
            }
            for number, days in enumerate(days_ago)
        ],
        actor=story.actor,
    )
    _expired, invoiced, declined, accepted, sent, also_sent, *_drafts = quotes
    for quote in (invoiced, declined, accepted, sent, also_sent):
        send_quote(quote, today=story.today, actor=story.actor)
    for quote in (invoiced, accepted):
        accept_quote(quote, today=story.today, actor=story.actor)
    decline_quote(
        declined, reason="Went with a local printer", today=story.today, actor=story.actor
    )
    convert_quote(invoiced, today=story.today, actor=story.actor)
    # They asked for one thing more, so they have a second version.
    update_quote(also_sent, notes="With delivery.", today=story.today, actor=story.actor)
    send_quote(also_sent, today=story.today, actor=story.actor)
    if settings.PUBLIC_URL:
        _share(story, [sent, also_sent])


def _share(story: Story, quotes: list[Quote]) -> None:
    """Links to show around: two quotes to answer, what is owed, and one customer's statement."""
    owed = Invoice.objects.open().order_by("-due_date", "pk").select_related("customer")[0]
    shared: list[Shareable] = [*quotes, owed, owed.customer]
    for document in shared:
        share(document, now=story.now, actor=story.actor)
