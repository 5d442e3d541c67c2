"""What a customer's statement says on paper."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from billing.ages import Age
from billing.parties import copied_details
from billing.pdf.figures import day_text, money_text
from billing.pdf.layout import columns, rows_kept, sheet
from billing.pdf.parties import customer_lines
from billing.pdf.payment import payment_words
from billing.statements import Statement
from bizsuite.identity.models import Organisation
from customers.models import Customer


def statement_words(
    statement: Statement, *, customer: Customer, ages: Sequence[Age], seller: Organisation
) -> dict[str, Any]:
    """What `document.typ` is filled with for a statement.

    ages: what is open, by age; left out where it is not what the statement comes to, since
    something has happened after its last day.
    """
    currency = statement.currency
    words = sheet(seller, title=_("Statement"), number="")
    words["customer_label"] = _("For")
    words["customer"] = customer_lines(copied_details(customer))
    words["facts"] = _period(statement)
    words["columns"] = columns(
        (_("Date"), "narrow"),
        (_("What"), "wide"),
        (_("Amount"), "figures"),
        (_("Balance"), "figures"),
    )
    opening = ["", _("Opening balance"), "", money_text(statement.opening_balance, currency)]
    words["rows"] = [
        {"cells": cells, "notes": [], "carried": cells[-1]}
        for cells in [
            opening,
            *(
                [
                    day_text(line.date),
                    line.description,
                    money_text(line.amount, currency),
                    money_text(line.balance, currency),
                ]
                for line in statement.lines
            ),
        ]
    ]
    words["kept"] = rows_kept([row["cells"][1] for row in words["rows"]])
    words["sums"] = _parts(statement)
    words["total"] = [_("Closing balance"), money_text(statement.closing_balance, currency)]
    if sum((age.amount for age in ages), Decimal(0)) == statement.outstanding:
        words["ages"] = _ages(ages, currency)
    if statement.closing_balance > 0:
        words["payment"] = payment_words(
            seller,
            sentence=_("Please pay what is due, naming the invoices that you pay."),
            reference=_("the invoices' numbers"),
            amount=None,
            currency=currency,
        )
    return words


def _period(statement: Statement) -> list[list[str]]:
    """Its days, and its currency where the customer's account has been in several."""
    first = statement.date_from
    days = [[_("From"), day_text(first)]] if first else []
    days.append([_("Until"), day_text(statement.date_to)])
    several = len(statement.currencies) > 1
    return [*days, [_("Currency"), statement.currency]] if several else days


def _parts(statement: Statement) -> list[list[str]]:
    """Said only where they differ: most customers have not paid ahead."""
    if not statement.credit:
        return []
    return [
        [_("Owed on invoices"), money_text(statement.outstanding, statement.currency)],
        [_("Paid ahead"), money_text(-statement.credit, statement.currency)],
    ]


def _ages(ages: Sequence[Age], currency: str) -> dict[str, Any] | None:
    if not any(age.amount for age in ages):
        return None
    return {
        "title": _("What is owed, by age"),
        "columns": columns(*((_bracket(age), "figures") for age in ages)),
        "rows": [[money_text(age.amount, currency) for age in ages]],
    }


def _bracket(age: Age) -> str:
    if age.first_day is None:
        return _("Not due yet")
    if age.last_day is None:
        return _("More than %(days)s days late") % {"days": age.first_day - 1}
    return _("%(first)s–%(last)s days late") % {"first": age.first_day, "last": age.last_day}
