"""Putting payments against invoices, and taking them back: what both sides and the books get."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from billing.amounts import printed, require_payable
from billing.defaults import default_income_category
from billing.invoice_books import (
    Paid,
    base_charged,
    base_given_up,
    base_when_paid,
    content_of,
    payment_postings,
    rebooked_postings,
    tax_when_paid,
)
from billing.invoices import allowed_moves, locked
from billing.ledger import NewEntry, NewPosting
from billing.models import Allocation, Invoice, Payment, Refund
from billing.models.ledger import Basis, Ledger
from bizsuite.errors import Conflict, Invalid
from bizsuite.money import cumulative_share
from customers.models import Customer

NOTHING = Decimal(0)
SETTLED = ["paid", "credited", "balance", "status", "version", "updated_at"]


class InvoiceNotOpen(Conflict):
    code = "invoice_not_open"


class PaymentExceedsBalance(Conflict):
    code = "payment_exceeds_balance"


class Bookings:
    """What payments have to book, gathered so that each has one entry per date.

    Each entry moves the customer's credit by what it leaves open, at what that part of the payment
    was worth when it came. What then lacks or exceeds in the organisation's currency was won or
    lost by the rates: that of the payment against that of the invoice.
    """

    def __init__(self, description: str, *, base_currency: str) -> None:
        self.base_currency = base_currency
        self._description = description
        self._payments: dict[int, Payment] = {}
        self._credit: dict[int, Decimal] = {}
        self._postings: dict[tuple[datetime.date, int], list[NewPosting]] = {}

    def receive(self, payment: Payment) -> None:
        """Book that a payment came: nothing of it was credit before."""
        self._credit[payment.pk] = NOTHING
        cash = NewPosting(
            ledger=Ledger.CASH,
            amount=payment.amount,
            base_amount=payment.base_amount,
            account_amount=payment.amount_received,
            account=payment.account,
        )
        self.add(payment, payment.date, [cash])

    def send_back(self, refund: Refund) -> None:
        """Book that money of a payment went back."""
        cash = NewPosting(
            ledger=Ledger.CASH,
            amount=-refund.amount,
            base_amount=-refund.base_amount,
            account_amount=-refund.amount_sent,
            account=refund.payment.account,
        )
        self.add(refund.payment, refund.date, [cash])

    def add(self, payment: Payment, date: datetime.date, postings: Sequence[NewPosting]) -> None:
        self._payments[payment.pk] = payment
        self._credit.setdefault(payment.pk, payment.unallocated)
        self._postings.setdefault((date, payment.pk), []).extend(postings)

    def entries(self) -> list[NewEntry]:
        return [
            self._entry(self._payments[pk], date, postings)
            for (date, pk), postings in sorted(self._postings.items(), key=lambda each: each[0])
        ]

    def _entry(
        self, payment: Payment, date: datetime.date, postings: Sequence[NewPosting]
    ) -> NewEntry:
        """What is left open by `postings` goes to the customer's credit, or comes from it."""
        open_ones = [each for each in postings if each.basis != Basis.CASH]
        before = self._credit[payment.pk]
        after = before + sum((each.amount for each in open_ones), NOTHING)
        self._credit[payment.pk] = after
        credit = NewPosting(
            ledger=Ledger.CUSTOMER_CREDIT,
            amount=before - after,
            base_amount=-cumulative_share(
                payment.base_amount, before, after, payment.amount, self.base_currency
            ),
            customer=payment.customer,
        )
        won = sum((each.base_amount or NOTHING for each in (*open_ones, credit)), NOTHING)
        difference = NewPosting(ledger=Ledger.EXCHANGE_DIFFERENCE, amount=NOTHING, base_amount=-won)
        return NewEntry(
            date=date,
            document=payment,
            description=self._description,
            currency=payment.currency,
            exchange_rate=payment.exchange_rate,
            postings=[*postings, credit, difference],
        )


class Settlement:
    """An issued invoice and the allocations that pay it, while they change.

    The invoice is `locked`. Each step is written to `bookings`; `finish` saves the rest. The
    payments' own figures are the caller's.
    """

    def __init__(self, invoice: Invoice, bookings: Bookings) -> None:
        self.invoice = invoice
        self._bookings = bookings
        self._category = default_income_category()
        self._content = content_of(invoice, self._category)
        self._base_charged = base_charged(invoice, bookings.base_currency)
        self.allocations = list(
            invoice.allocations.select_related("payment__customer").order_by("-id")
        )
        self._changed: list[Allocation] = []
        self._paid = Paid(
            sum((each.amount for each in self.allocations), NOTHING),
            sum((each.tax for each in self.allocations), NOTHING),
            sum((each.base_amount for each in self.allocations), NOTHING),
        )

    def take(self, payment: Payment, amount: Decimal, on: datetime.date) -> None:
        """Put `amount` of a payment against the invoice."""
        allocation = Allocation(
            payment=payment,
            invoice=self.invoice,
            amount=NOTHING,
            tax=NOTHING,
            base_amount=NOTHING,
            date=on,
        )
        self.allocations.insert(0, allocation)
        self._move(allocation, amount, on)

    def give_back(self, allocation: Allocation, amount: Decimal, on: datetime.date) -> None:
        """Return `amount` of an allocation to its payment."""
        self._move(allocation, allocation.amount - amount, on)

    def credit(self, amount: Decimal, on: datetime.date) -> dict[int, Decimal]:
        """Let the invoice charge `amount` less, as its parts say already.

        What is paid beyond that goes back, the newest allocations first; returns how much of which
        payment, by its id.
        """
        self.invoice.credited += amount
        self._charge_other_content(on)
        kept = self.invoice.credited + self.invoice.written_off
        beyond = self._paid.amount + kept - self.invoice.amount
        returned: dict[int, Decimal] = {}
        for allocation in self.allocations:
            part = min(beyond, allocation.amount)
            if part > 0:
                pk = allocation.payment_id
                returned[pk] = returned.get(pk, NOTHING) + part
                self.give_back(allocation, part, on)
                beyond -= part
        return returned

    def drop(self, payment: Payment) -> None:
        """Leave out what a payment paid, whose entries are reversed."""
        for allocation in self.allocations:
            if allocation.payment_id == payment.pk:
                self._paid = Paid(
                    self._paid.amount - allocation.amount,
                    self._paid.tax - allocation.tax,
                    self._paid.base_amount - allocation.base_amount,
                )
                allocation.amount = allocation.tax = allocation.base_amount = NOTHING
                self._changed.append(allocation)

    def finish(self, on: datetime.date) -> Invoice:
        """Save the allocations and the invoice's figures; returns the invoice as it is then."""
        invoice = self.invoice
        invoice.paid = self._paid.amount
        invoice.balance = invoice.owed()
        if not invoice.balance:
            self._settle_shares(on)
        for allocation in self._changed:
            if allocation.amount:
                allocation.save()
            elif allocation.pk:
                allocation.delete()
        Invoice.objects.filter(pk=invoice.pk).change(
            paid=invoice.paid,
            credited=invoice.credited,
            balance=invoice.balance,
            status=invoice.status_by_figures(),
        )
        invoice.refresh_from_db(fields=SETTLED)
        return invoice

    def _charge_other_content(self, on: datetime.date) -> None:
        """What is paid is income of what is charged now: each payment's part of it moves there."""
        booked, self._content = self._content, content_of(self.invoice, self._category)
        self._base_charged = base_charged(self.invoice, self._bookings.base_currency)
        before = Paid(NOTHING, NOTHING, NOTHING)
        for allocation in reversed(self.allocations):
            after = Paid(
                before.amount + allocation.amount,
                before.tax + allocation.tax,
                before.base_amount + allocation.base_amount,
            )
            postings = rebooked_postings(
                self.invoice,
                before=before,
                after=after,
                booked=booked,
                content=self._content,
                base_currency=self._bookings.base_currency,
            )
            if postings:
                self._bookings.add(allocation.payment, max(on, allocation.date), postings)
            before = after

    def _move(self, allocation: Allocation, amount: Decimal, on: datetime.date) -> None:
        """Let an allocation be `amount`: its shares make up what all of them should carry then."""
        paid = self._paid.amount - allocation.amount + amount
        others = self._paid.tax - allocation.tax
        tax = _within(tax_when_paid(self.invoice, paid) - others, amount)
        others = self._paid.base_amount - allocation.base_amount
        base_amount = max(self._base_when_paid(paid) - others, NOTHING) if amount else NOTHING
        self._set(allocation, Paid(amount, tax, base_amount), on)

    def _base_when_paid(self, paid: Decimal) -> Decimal:
        return base_when_paid(self.invoice, paid, self._base_charged, self._bookings.base_currency)

    def _settle_shares(self, on: datetime.date) -> None:
        """What is paid in full carries all of the tax, and clears all of the receivable.

        It may lack or exceed a cent when a payment in the middle was reversed, and more when some
        of the items were credited: the newest allocations make up for it.
        """
        whole_tax = self._paid.tax
        # What was written off was not paid: no tax in it either.
        if self.invoice.is_settled():
            whole_tax = tax_when_paid(self.invoice, self._paid.amount)
        whole_base = self._base_charged - base_given_up(self.invoice)
        for allocation in self.allocations:
            missing_tax = whole_tax - self._paid.tax
            missing_base = whole_base - self._paid.base_amount
            if not missing_tax and not missing_base:
                break
            if allocation.amount:
                tax = _within(allocation.tax + missing_tax, allocation.amount)
                base_amount = max(allocation.base_amount + missing_base, NOTHING)
                self._set(allocation, Paid(allocation.amount, tax, base_amount), on)

    def _set(self, allocation: Allocation, shares: Paid, on: datetime.date) -> None:
        before = self._paid
        after = Paid(
            before.amount + shares.amount - allocation.amount,
            before.tax + shares.tax - allocation.tax,
            before.base_amount + shares.base_amount - allocation.base_amount,
        )
        if after == before:
            return
        postings = payment_postings(
            self.invoice,
            before=before,
            after=after,
            content=self._content,
            base_currency=self._bookings.base_currency,
        )
        self._bookings.add(allocation.payment, max(on, allocation.date), postings)
        allocation.amount, allocation.tax = shares.amount, shares.tax
        allocation.base_amount = shares.base_amount
        self._paid = after
        if allocation not in self._changed:
            self._changed.append(allocation)


def settle(
    payment: Payment,
    allocations: Sequence[Mapping[str, Any]],
    *,
    on: datetime.date,
    bookings: Bookings,
) -> list[Invoice]:
    """Put a payment against invoices, {invoice, amount} each; returns them as they are then.

    Nothing is owed on an invoice, and nothing earned by it, before its date; money that comes
    earlier is the customer's credit until then.
    """
    settled = []
    # In the order of their ids, so that two payments over the same invoices cannot deadlock.
    for allocation in sorted(allocations, key=lambda each: each["invoice"].pk):
        invoice, amount = locked(allocation["invoice"]), allocation["amount"]
        _require_owed(invoice, amount, payment)
        settlement = Settlement(invoice, bookings)
        counts_from = max(on, payment.date, invoice.date)
        settlement.take(payment, amount, counts_from)
        settled.append(settlement.finish(counts_from))
    return settled


def require_allocatable(
    allocations: Sequence[Mapping[str, Any]], customer: Customer, currency: str
) -> None:
    """Raises Invalid for what no state of the invoices could make right."""
    named = set()
    for index, allocation in enumerate(allocations):
        field, invoice = f"allocations.{index}", allocation["invoice"]
        if invoice.currency != currency:
            raise Invalid(
                {
                    f"{field}.invoice_id": f"Invoice {invoice.pk} is in {invoice.currency} and the"
                    f" payment in {currency}: record one in {invoice.currency}, with what arrived"
                    " as its amount_received"
                }
            )
        require_payable(allocation["amount"], currency, field=f"{field}.amount")
        if invoice.customer_id != customer.pk:
            raise Invalid({f"{field}.invoice_id": f"Invoice {invoice.pk} is another customer's"})
        if invoice.pk in named:
            raise Invalid({f"{field}.invoice_id": "Name each invoice once"})
        named.add(invoice.pk)


def total_of(allocations: Sequence[Mapping[str, Any]]) -> Decimal:
    return sum((allocation["amount"] for allocation in allocations), NOTHING)


def _require_owed(invoice: Invoice, amount: Decimal, payment: Payment) -> None:
    if invoice.customer_id != payment.customer_id:  # a draft, moved and issued meanwhile
        raise Invalid({"allocations": f"Invoice {invoice.pk} is another customer's"})
    if not invoice.is_open():
        raise InvoiceNotOpen(
            f"Invoice {invoice.number or invoice.pk} is {invoice.status}; nothing is owed on it.",
            allowed=allowed_moves(invoice),
        )
    if amount > invoice.balance:
        raise PaymentExceedsBalance(
            f"Invoice {invoice.number} has {printed(invoice.balance, invoice.currency)} left to"
            " pay.",
            allowed=allowed_moves(invoice),
        )


def _within(tax: Decimal, amount: Decimal) -> Decimal:
    """A part of what was paid: no less than nothing, no more than all."""
    return min(max(tax, NOTHING), amount)
