"""What is in each account of the chart, on a day."""

import datetime
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum

from billing.models import Posting
from billing.models.ledger import Basis, Ledger

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class TrialLine:
    """balance: positive is a debit, negative a credit; in the organisation's currency."""

    ledger: Ledger
    balance: Decimal

    @property
    def debit(self) -> Decimal:
        return max(self.balance, NOTHING)

    @property
    def credit(self) -> Decimal:
        return max(-self.balance, NOTHING)


def trial_balance(*, basis: Basis, day: datetime.date) -> list[TrialLine]:
    """Every account of the chart at the end of a day. Debits and credits are the same in all."""
    rows = (
        Posting.objects.filter(basis__in=(Basis.BOTH, basis), date__lte=day)
        .order_by()
        .values_list("ledger")
        .annotate(total=Sum("amount"))
    )
    sums = defaultdict(Decimal, rows)
    return [TrialLine(ledger, sums[ledger]) for ledger in Ledger]
