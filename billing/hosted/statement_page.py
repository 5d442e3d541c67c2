"""The page on which a customer sees what they owe, and how it came to that."""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from billing.hosted.words import NOTHING, seller_words
from billing.models import CreditNote, Invoice
from billing.parties import copied_details
from billing.pdf.figures import day_text, money_text
from billing.pdf.parties import customer_lines
from billing.pdf.payment import payment_words
from billing.statements import Line, Statement, customer_statement
from bizsuite.identity.models import Organisation
from customers.models import Customer

# A year back: what is older is in the opening balance.
DAYS_SHOWN = 365
# The latest ones of a customer who buys ten times a day.
MOST_LINES = 200


def statement_page(
    customer: Customer, *, profile: Organisation, today: datetime.date
) -> dict[str, Any]:
    first = shown_statement(customer, profile=profile, today=today)
    others = [
        shown_statement(customer, profile=profile, today=today, currency=currency)
        for currency in first.currencies
        if currency != first.currency
    ]
    statements = [first, *others]
    owed = list(customer.invoices.open().order_by("due_date", "id"))
    return {
        "title": _("Statement of account"),
        "number": "",
        "seller": seller_words(profile),
        "customer": customer_lines(copied_details(customer)),
        "headline": (_("Amount due"), _by_currency(owed) or money_text(NOTHING, first.currency)),
        "due": _("Nothing is left to pay. Thank you.") if not owed else "",
        "as_of": day_text(today),
        "credit": " + ".join(
            money_text(each.credit, each.currency) for each in statements if each.credit
        ),
        "owed": [_owed(invoice, today) for invoice in owed],
        "accounts": [_account(each) for each in statements],
        "payment": _payment(profile) if owed else None,
    }


def shown_statement(
    customer: Customer,
    *,
    profile: Organisation,
    today: datetime.date,
    currency: str | None = None,
) -> Statement:
    """The last year, in the organisation's currency or in another that the account has been in."""
    return customer_statement(
        customer,
        date_from=today - datetime.timedelta(days=DAYS_SHOWN),
        date_to=today,
        own_currency=profile.currency,
        currency=currency,
    )


def _account(statement: Statement) -> dict[str, Any]:
    lines = statement.lines[-MOST_LINES:]
    opening = lines[0].balance - lines[0].amount if lines else statement.closing_balance
    return {
        # Named only where there are several; then each has a paper of its own.
        "currency": statement.currency if len(statement.currencies) > 1 else "",
        "opening": money_text(opening, statement.currency),
        "lines": _lines(lines),
        "closing": money_text(statement.closing_balance, statement.currency),
    }


def _payment(profile: Organisation) -> dict[str, Any] | None:
    return payment_words(
        profile,
        sentence="",
        reference=_("the number of the invoice"),
        amount=None,
        currency=profile.currency,
    )


def _owed(invoice: Invoice, today: datetime.date) -> dict[str, Any]:
    return {
        "number": invoice.number,
        "date": day_text(invoice.date),
        "due": day_text(invoice.due_date),
        "is_late": invoice.is_overdue(today),
        "amount": money_text(invoice.amount, invoice.currency),
        "balance": money_text(invoice.balance, invoice.currency),
    }


def _by_currency(invoices: Iterable[Invoice]) -> str:
    """`€1,200.00 + $300.00`: what is owed in different currencies is not added up."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for invoice in invoices:
        sums[invoice.currency] += invoice.balance
    return " + ".join(money_text(amount, currency) for currency, amount in sorted(sums.items()))


def _lines(lines: Iterable[Line]) -> list[dict[str, str]]:
    """In our own words: the books' descriptions are written for those who keep them."""
    lines = list(lines)
    numbers = {
        "invoice": _numbers(Invoice, "invoice", lines),
        "credit_note": _numbers(CreditNote, "credit_note", lines),
    }
    return [
        {
            "date": day_text(line.date),
            "what": _what(line, numbers.get(line.document_type, {}).get(line.document_id, "")),
            "amount": money_text(line.amount, line.currency),
            "balance": money_text(line.balance, line.currency),
        }
        for line in lines
    ]


def _numbers(model: Any, document_type: str, lines: Iterable[Line]) -> dict[int, str]:
    ids = {line.document_id for line in lines if line.document_type == document_type}
    return dict(model.objects.filter(pk__in=ids).values_list("pk", "number"))


def _what(line: Line, number: str) -> str:
    if line.type == "reversal":
        what = {
            "invoice": _("Invoice %(number)s cancelled"),
            "payment": _("Payment taken back"),
        }.get(line.document_type, _("Correction"))
        return what % {"number": number}
    names = {
        "invoice": _("Invoice %(number)s"),
        "credit_note": _("Credit note %(number)s"),
        "payment": _("Payment, thank you"),
        "refund": _("Refund"),
    }
    return names.get(line.type, _("Correction")) % {"number": number}
