"""Money from customers: recorded, put against invoices, kept as credit, reversed."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from billing.allocations import Bookings, Settlement, require_allocatable, settle, total_of
from billing.amounts import printed, require_payable
from billing.catalogue import require_category, require_in_use
from billing.currency import open_books
from billing.defaults import default_account, default_income_category
from billing.exchange import OWN_RATE, Rates, exchanged, implied_rate, require_currency
from billing.invoices import locked
from billing.ledger import (
    opposite,
    post_entries,
    require_open_period,
    standing_entries,
)
from billing.models import Account, Category, Invoice, Payment, Transaction
from billing.models.catalogue import FlowType
from billing.models.invoices import InvoiceStatus
from billing.serializers import (
    InvoiceSerializer,
    PaymentSerializer,
    TransactionSerializer,
)
from bizsuite.errors import Conflict, Invalid
from bizsuite.events.recording import NewEvent, record_events
from bizsuite.identity.actors import Actor
from bizsuite.records import lock
from customers.customers import require_active
from customers.models import Customer


class NoIncomeCategory(Conflict):
    code = "no_income_category"


class CreditExceeded(Conflict):
    code = "credit_exceeded"


class PaymentReversed(Conflict):
    code = "payment_reversed"


class PaymentRefunded(Conflict):
    code = "payment_refunded"


@transaction.atomic
def pay_invoice(
    invoice: Invoice,
    *,
    amount: Decimal,
    actor: Actor,
    allow_credit: bool = False,
    **details: Any,
) -> Payment:
    """Record a payment on one invoice.

    More than the balance raises PaymentExceedsBalance, unless `allow_credit`: then the rest is
    the customer's credit; all of it, when the invoice is paid already. `details` as in
    `record_payment`.
    """
    invoice = locked(invoice)
    taken = min(amount, invoice.balance) if allow_credit else amount
    all_credit = allow_credit and invoice.status == InvoiceStatus.PAID
    return record_payment(
        customer=invoice.customer,
        amount=amount,
        allocations=[] if all_credit else [{"invoice": invoice, "amount": taken}],
        actor=actor,
        **details,
    )


@transaction.atomic
def record_payment(
    *,
    customer: Customer,
    amount: Decimal,
    actor: Actor,
    allocations: Sequence[Mapping[str, Any]] = (),
    date: datetime.date | None = None,
    account: Account | None = None,
    currency: str | None = None,
    exchange_rate: Decimal | None = None,
    amount_received: Decimal | None = None,
    line: Mapping[str, Any] | None = None,
    **details: Any,
) -> Payment:
    """Record money received, and put it against invoices.

    allocations: {invoice, amount} each; what they leave of `amount` is the customer's credit.
    account: where it goes; the installation's first one if None.
    currency: the amounts'; the invoices' if None, without any the account's. exchange_rate,
    amount_received: what arrived, if the account's is another; by the stored rates if None.
    line: what its line in the cash book says: category, description, external_id, metadata.
    details: method, reference, notes, external_id, metadata.
    """
    profile = open_books(*([account] if account else []))
    date = date or profile.today()
    require_open_period([date], profile)
    account = account or default_account()
    require_in_use(account, "account_id")
    currency = currency or _currency_of(allocations, account)
    require_currency(currency)
    require_payable(amount, currency)
    unallocated = _credit_of(amount, allocations, customer)
    require_allocatable(allocations, customer, currency)
    given = (exchange_rate, amount_received)
    payment = Payment(
        customer=customer,
        account=account,
        date=date,
        amount=amount,
        unallocated=unallocated,
        currency=currency,
        **_received(amount, currency, account, date, Rates(profile.currency), *given),
        **details,
    )
    payment.search_text = payment.folded_search_text()
    payment.save(force_insert=True)
    _book_line(payment, profile.currency, **line or {})
    bookings = Bookings(f"Payment from {customer.account}", base_currency=profile.currency)
    bookings.receive(payment)
    settled = settle(payment, allocations, on=date, bookings=bookings)
    post_entries(bookings.entries())
    record_events(
        [
            NewEvent("payment.received", payment, PaymentSerializer(payment).data),
            line_event("created", payment),
            *invoice_events(settled),
        ],
        actor=actor,
    )
    return payment


@transaction.atomic
def allocate_payment(
    payment: Payment,
    *,
    allocations: Sequence[Mapping[str, Any]],
    actor: Actor,
    date: datetime.date | None = None,
) -> Payment:
    """Put what is left of a payment, the customer's credit, against invoices of theirs.

    allocations: {invoice, amount} each. It counts as paid on `date`, today if None, but on no day
    before the payment or the invoice. Raises CreditExceeded for more than is left, and
    PaymentExceedsBalance for more than is owed.
    """
    profile = open_books()
    held(payment)
    if not allocations:
        raise Invalid({"allocations": "At least one allocation is required"})
    require_allocatable(allocations, payment.customer, payment.currency)
    require_standing(payment)
    amount = total_of(allocations)
    if amount > payment.unallocated:
        raise CreditExceeded(
            f"Payment {payment.pk} has {printed(payment.unallocated, payment.currency)} left to"
            f" allocate, and {printed(amount, payment.currency)} is asked for.",
            allowed=payment_moves(payment),
        )
    bookings = Bookings(
        f"Credit of {payment.customer.account} used", base_currency=profile.currency
    )
    settled = settle(payment, allocations, on=date or profile.today(), bookings=bookings)
    post_entries(bookings.entries())
    Payment.objects.filter(pk=payment.pk).change(unallocated=payment.unallocated - amount)
    return changed(payment, "payment.allocated", settled, actor=actor)


@transaction.atomic
def reverse_payment(
    payment: Payment, *, actor: Actor, date: datetime.date | None = None
) -> Payment:
    """Say that a payment never happened: a bounced check, a slip of the keyboard.

    Its entries are reversed, each dated like itself, or on `date` where that is later: the way to
    correct a closed period. Its invoices are owed again. Raises PaymentRefunded once money of it
    went back, and PaymentReversed the second time.
    """
    profile = open_books()
    held(payment)
    require_standing(payment)
    if payment.refunded:
        raise PaymentRefunded(
            f"{printed(payment.refunded, payment.currency)} of payment {payment.pk} went back to"
            " the customer, so it did happen.",
            allowed=payment_moves(payment),
        )
    if date is not None and date < payment.date:
        raise Invalid({"date": "A reversal must not be dated before what it reverses"})
    settled = [_without(payment, invoice, profile.currency) for invoice in invoices_of(payment)]
    date = date or payment.date
    post_entries(
        [
            opposite(entry, payment, date=max(date, entry.date))
            for entry in standing_entries(payment)
        ]
    )
    Payment.objects.filter(pk=payment.pk).change(unallocated=Decimal(0), reversed_at=timezone.now())
    Transaction.objects.filter(payment=payment).change(reversed_on=date)
    payment.transaction.refresh()
    return changed(
        payment, "payment.reversed", settled, line_event("updated", payment), actor=actor
    )


def payment_moves(payment: Payment) -> list[str]:
    """What this payment's state allows to be done with it."""
    if payment.reversed_at:
        return []
    moves = ["allocate"] if payment.unallocated else []
    if payment.left:
        moves.append("refund")
    if not payment.refunded:
        moves.append("reverse")
    return moves


def held(payment: Payment) -> None:
    """Read the payment again and hold it, and with it all that its customer has paid."""
    hold_customer(payment.customer_id)
    lock(payment)


def hold_customer(pk: int) -> None:
    """Hold what a customer has paid until the transaction ends.

    Whoever moves money that is there already holds the customer first, then invoices in the order
    of their ids: so none of them waits for another in a circle. New payments only hold invoices.
    """
    # Without the key: rows that refer to the customer may be added meanwhile.
    list(Customer.objects.select_for_update(no_key=True).filter(pk=pk))


def require_standing(payment: Payment) -> None:
    if payment.reversed_at:
        raise PaymentReversed(f"Payment {payment.pk} was reversed.", allowed=payment_moves(payment))


def invoices_of(payment: Payment) -> list[Invoice]:
    """The invoices that a payment pays, held until the transaction ends."""
    paid = Invoice.objects.filter(allocations__payment=payment).distinct().order_by("pk")
    return [locked(invoice) for invoice in paid]


def changed(
    payment: Payment, event: str, settled: Sequence[Invoice], *more: NewEvent, actor: Actor
) -> Payment:
    """The payment as it is after a change, with the events that say so."""
    payment.refresh()
    events = [NewEvent(event, payment, PaymentSerializer(payment).data), *more]
    record_events([*events, *invoice_events(settled)], actor=actor)
    return payment


def invoice_events(settled: Sequence[Invoice], *, already_paid: bool = False) -> list[NewEvent]:
    """already_paid: they were before, so nothing that is so now has become so."""
    return [
        NewEvent(
            "invoice.paid"
            if invoice.status == InvoiceStatus.PAID and not already_paid
            else "invoice.updated",
            invoice,
            InvoiceSerializer(invoice).data,
        )
        for invoice in settled
    ]


def line_event(verb: str, payment: Payment) -> NewEvent:
    line = payment.transaction
    return NewEvent(f"transaction.{verb}", line, TransactionSerializer(line).data)


def _without(payment: Payment, invoice: Invoice, base_currency: str) -> Invoice:
    """An invoice of which this payment paid nothing, as it was before."""
    settlement = Settlement(invoice, Bookings("", base_currency=base_currency))
    settlement.drop(payment)
    return settlement.finish(payment.date)


def _credit_of(
    amount: Decimal, allocations: Sequence[Mapping[str, Any]], customer: Customer
) -> Decimal:
    unallocated = amount - total_of(allocations)
    if unallocated < 0:
        raise Invalid({"allocations": "Allocations must not add up to more than the amount"})
    if unallocated:
        # An archived customer may pay what they owe; credit would be new business with them.
        require_active(customer)
    return unallocated


def _received(
    amount: Decimal,
    currency: str,
    account: Account,
    date: datetime.date,
    rates: Rates,
    rate: Decimal | None,
    received: Decimal | None,
) -> dict[str, Any]:
    """What of a payment's columns says what arrived, and what it was worth."""
    worth = exchanged(
        amount, currency, account, date=date, rates=rates, rate=rate, account_amount=received
    )
    return {
        "exchange_rate": worth.rate,
        "amount_received": worth.account_amount,
        "currency_received": account.currency,
        "base_amount": worth.base_amount,
    }


def _currency_of(allocations: Sequence[Mapping[str, Any]], account: Account) -> str:
    """The invoices' currency; money that pays none is in its account's."""
    for allocation in allocations:
        currency: str = allocation["invoice"].currency
        return currency
    return account.currency


def _book_line(
    payment: Payment,
    base_currency: str,
    *,
    category: Category | None = None,
    description: str = "",
    **details: Any,
) -> None:
    """The payment's line in the cash book, in its account's currency."""
    if category is not None:
        require_in_use(category, "category_id")
    category = category or default_income_category()
    if category is None:
        raise NoIncomeCategory("Add a category of income first: payments are booked under one.")
    require_category(category, FlowType.INCOME, "category_id")
    line = Transaction(
        type=FlowType.INCOME,
        account=payment.account,
        category=category,
        payment=payment,
        date=payment.date,
        amount=payment.amount_received,
        currency=payment.currency_received,
        exchange_rate=_rate_received(payment, base_currency),
        description=description or f"Payment from {payment.customer.account}",
        **details,
    )
    line.search_text = line.folded_search_text()
    line.save(force_insert=True)


def _rate_received(payment: Payment, base_currency: str) -> Decimal:
    """What one unit of the account's currency was worth."""
    if payment.currency_received == payment.currency:
        return payment.exchange_rate
    if payment.currency_received == base_currency:
        return OWN_RATE
    return implied_rate(payment.base_amount, payment.amount_received, "amount_received")
