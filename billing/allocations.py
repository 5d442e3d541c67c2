"""Putting payments against invoices, and taking them back: what both sides and the books get."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from billing.amounts import printed, require_payable
from billing.defaults import default_income_category
from billing.invoice_books import (
    Paid,
    content_of,
    payment_postings,
    rebooked_postings,
    tax_when_paid,
)
from billing.invoices import allowed_moves, locked
from billing.ledger import NewEntry, NewPosting
from billing.models import Allocation, Invoice, Payment
from billing.models.ledger import Basis, Ledger
from bizsuite.errors import Conflict, Invalid
from customers.models import Customer

NOTHING = Decimal(0)
SETTLED = ["paid", "credited", "balance", "status", "version", "updated_at"]


class InvoiceNotOpen(Conflict):
    code = "invoice_not_open"


class PaymentExceedsBalance(Conflict):
    code = "payment_exceeds_balance"


class Bookings:
    """What payments have to book, gathered so that each has one entry per date."""

    def __init__(self, description: str) -> None:
        self._description = description
        self._payments: dict[int, Payment] = {}
        self._postings: dict[tuple[datetime.date, int], list[NewPosting]] = {}

    def add(self, payment: Payment, date: datetime.date, postings: Sequence[NewPosting]) -> None:
        self._payments[payment.pk] = payment
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
        left = sum((each.amount for each in postings if each.basis != Basis.CASH), NOTHING)
        credit = NewPosting(ledger=Ledger.CUSTOMER_CREDIT, amount=-left, customer=payment.customer)
        return NewEntry(
            date=date,
            document=payment,
            description=self._description,
            currency=payment.currency,
            postings=[*postings, credit],
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
        self.allocations = list(
            invoice.allocations.select_related("payment__customer").order_by("-id")
        )
        self._changed: list[Allocation] = []
        self._paid = Paid(
            sum((each.amount for each in self.allocations), NOTHING),
            sum((each.tax for each in self.allocations), NOTHING),
        )

    def take(self, payment: Payment, amount: Decimal, on: datetime.date) -> None:
        """Put `amount` of a payment against the invoice."""
        allocation = Allocation(
            payment=payment, invoice=self.invoice, amount=NOTHING, tax=NOTHING, date=on
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
                    self._paid.amount - allocation.amount, self._paid.tax - allocation.tax
                )
                allocation.amount = allocation.tax = NOTHING
                self._changed.append(allocation)

    def finish(self, on: datetime.date) -> Invoice:
        """Save the allocations and the invoice's figures; returns the invoice as it is then."""
        invoice = self.invoice
        invoice.paid = self._paid.amount
        invoice.balance = invoice.owed()
        # What was written off was not paid: no tax in it either.
        if invoice.is_settled():
            self._settle_tax(on)
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
        before = Paid(NOTHING, NOTHING)
        for allocation in reversed(self.allocations):
            after = Paid(before.amount + allocation.amount, before.tax + allocation.tax)
            postings = rebooked_postings(
                self.invoice, before=before, after=after, booked=booked, content=self._content
            )
            if postings:
                self._bookings.add(allocation.payment, max(on, allocation.date), postings)
            before = after

    def _move(self, allocation: Allocation, amount: Decimal, on: datetime.date) -> None:
        """Let an allocation be `amount`: its tax makes up what all of them should carry then."""
        paid = self._paid.amount - allocation.amount + amount
        others = self._paid.tax - allocation.tax
        tax = _within(tax_when_paid(self.invoice, paid) - others, amount)
        self._set(allocation, amount, tax, on)

    def _settle_tax(self, on: datetime.date) -> None:
        """What is paid in full carries all of the tax.

        It may lack or exceed a cent when a payment in the middle was reversed, and more when some
        of the items were credited: the newest allocations make up for it.
        """
        whole = tax_when_paid(self.invoice, self._paid.amount)
        for allocation in self.allocations:
            missing = whole - self._paid.tax
            if not missing:
                break
            tax = _within(allocation.tax + missing, allocation.amount)
            self._set(allocation, allocation.amount, tax, on)

    def _set(
        self, allocation: Allocation, amount: Decimal, tax: Decimal, on: datetime.date
    ) -> None:
        before = self._paid
        after = Paid(before.amount + amount - allocation.amount, before.tax + tax - allocation.tax)
        if after == before:
            return
        postings = payment_postings(self.invoice, before=before, after=after, content=self._content)
        self._bookings.add(allocation.payment, max(on, allocation.date), postings)
        allocation.amount, allocation.tax = amount, tax
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
