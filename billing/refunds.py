"""Money of a payment that goes back to the customer."""

import datetime
from decimal import Decimal

from django.db import transaction

from billing.allocations import Bookings, Settlement
from billing.amounts import printed, require_payable
from billing.currency import open_books
from billing.exchange import Exchanged, Rates, exchanged
from billing.ledger import post_entries
from billing.models import Invoice, Payment, Refund
from billing.payments import changed, held, invoices_of, payment_moves, require_standing
from bizsuite.errors import Conflict, Invalid
from bizsuite.identity.actors import Actor
from bizsuite.money import cumulative_share


class RefundExceedsPayment(Conflict):
    code = "refund_exceeds_payment"


@transaction.atomic
def refund_payment(
    payment: Payment,
    *,
    actor: Actor,
    amount: Decimal | None = None,
    date: datetime.date | None = None,
    exchange_rate: Decimal | None = None,
    amount_sent: Decimal | None = None,
) -> Payment:
    """Record that money went back, from the account that it had come to.

    amount: all that is left of the payment if None; in the payment's currency. exchange_rate,
    amount_sent: at which rate, and what left an account of another currency; as the payment came
    if None, so that nothing is won or lost by what is given back. First goes what no invoice has
    taken, then the newest allocation, whose invoice is owed again. Raises RefundExceedsPayment.
    """
    profile = open_books()
    held(payment)
    if amount is not None:
        require_payable(amount, payment.currency)
    date = date or max(profile.today(), payment.date)
    if date < payment.date:
        raise Invalid({"date": "A refund must not be dated before its payment"})
    require_standing(payment)
    amount = payment.left if amount is None else amount
    _require_left(payment, amount)
    worth = _worth_of(payment, amount, date, exchange_rate, amount_sent, profile.currency)
    refund = Refund(
        payment=payment,
        amount=amount,
        date=date,
        exchange_rate=worth.rate,
        amount_sent=worth.account_amount,
        base_amount=worth.base_amount,
    )
    bookings = Bookings(f"Refund to {payment.customer.account}", base_currency=profile.currency)
    bookings.send_back(refund)
    of_credit = min(amount, payment.unallocated)
    settled = _take_back(payment, amount - of_credit, date, bookings)
    post_entries(bookings.entries())
    refund.save(force_insert=True)
    Payment.objects.filter(pk=payment.pk).change(
        unallocated=payment.unallocated - of_credit, refunded=payment.refunded + amount
    )
    return changed(payment, "payment.refunded", settled, actor=actor)


def _require_left(payment: Payment, amount: Decimal) -> None:
    if not payment.left:
        raise RefundExceedsPayment(
            f"Payment {payment.pk} has nothing left: all of it was refunded.",
            allowed=payment_moves(payment),
        )
    if amount > payment.left:
        raise RefundExceedsPayment(
            f"Payment {payment.pk} has {printed(payment.left, payment.currency)} left to refund,"
            f" and {printed(amount, payment.currency)} is asked for.",
            allowed=payment_moves(payment),
        )


def _worth_of(
    payment: Payment,
    amount: Decimal,
    date: datetime.date,
    rate: Decimal | None,
    sent: Decimal | None,
    base_currency: str,
) -> Exchanged:
    """What leaves the account, as given; else the same part of what had come, to the last cent."""
    if rate is not None or sent is not None:
        return exchanged(
            amount,
            payment.currency,
            payment.account,
            date=date,
            rates=Rates(base_currency),
            rate=rate,
            account_amount=sent,
            field="amount_sent",
        )
    before, after = payment.refunded, payment.refunded + amount
    steps = (before, after, payment.amount)
    return Exchanged(
        rate=payment.exchange_rate,
        account_amount=cumulative_share(payment.amount_received, *steps, payment.currency_received),
        base_amount=cumulative_share(payment.base_amount, *steps, base_currency),
    )


def _take_back(
    payment: Payment, amount: Decimal, date: datetime.date, bookings: Bookings
) -> list[Invoice]:
    """Take `amount` from the payment's allocations, the newest first; returns the invoices."""
    settlements = [Settlement(invoice, bookings) for invoice in invoices_of(payment)]
    own = [
        (settlement, allocation)
        for settlement in settlements
        for allocation in settlement.allocations
        if allocation.payment_id == payment.pk
    ]
    touched = []
    for settlement, allocation in sorted(own, key=lambda each: each[1].pk, reverse=True):
        taken = min(amount, allocation.amount)
        if taken:
            settlement.give_back(allocation, taken, date)
            touched.append(settlement)
            amount -= taken
    return [settlement.finish(date) for settlement in settlements if settlement in touched]
