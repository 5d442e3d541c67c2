"""Adding up amounts that may be in several currencies: never two of them together."""

from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum

from billing.exchange import converted


def sums_by_currency(documents: QuerySet[Any], column: str, *, first: str) -> dict[str, Decimal]:
    """The sum in each currency that has one, the currency `first` before the others."""
    rows = documents.order_by().values_list("currency").annotate(total=Sum(column))
    sums = {currency: total for currency, total in rows if total}
    return dict(sorted(sums.items(), key=lambda each: (each[0] != first, each[0])))


def worth_of(documents: QuerySet[Any], column: str, base_currency: str) -> Decimal:
    """What documents' amounts are worth at each one's rate, in the organisation's currency."""
    rows = documents.order_by().values_list("exchange_rate").annotate(total=Sum(column))
    return sum((converted(total, rate, base_currency) for rate, total in rows), Decimal(0))
