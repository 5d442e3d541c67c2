"""How long a customer's invoices have been owed."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing.models import Invoice
from customers.models import Customer

# The last days, after the due date, of all brackets but the last one.
BRACKETS = (0, 30, 60, 90)


@dataclass(frozen=True, slots=True)
class Age:
    """What is owed since `first_day` to `last_day` days after it was due.

    first_day: None for what is not due yet. last_day: None for all that is older.
    """

    first_day: int | None
    last_day: int | None
    amount: Decimal


def ages_of_open(customer: Customer, *, today: datetime.date, currency: str) -> Sequence[Age]:
    """What the customer owes in `currency` now, by how late it is on `today`: every bracket."""
    sums = [Decimal(0)] * (len(BRACKETS) + 1)
    open_invoices = Invoice.objects.open().filter(
        customer=customer, currency=currency, date__lte=today
    )
    for due_date, balance in open_invoices.order_by().values_list("due_date", "balance"):
        late = (today - due_date).days
        sums[sum(late > last for last in BRACKETS)] += balance
    firsts = (None, *(last + 1 for last in BRACKETS))
    lasts = (*BRACKETS, None)
    return [
        Age(first, last, amount) for first, last, amount in zip(firsts, lasts, sums, strict=True)
    ]
