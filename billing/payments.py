"""Money from customers: recorded, put against invoices, kept as credit."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing.amounts import require_payable
from billing.catalogue import require_category, require_in_use
from billing.currency import open_books
from billing.defaults import default_account, default_income_category
from billing.invoice_books import settlement_postings, tax_when_settled
from billing.invoices import allowed_moves, locked
from billing.ledger import NewEntry, NewPosting, post_entries, require_open_period
from billing.models import Account, Allocation, Category, Invoice, Payment, Transaction
from billing.models.catalogue import FlowType
from billing.models.invoices import InvoiceStatus
from billing.models.ledger import Basis, Ledger
from billing.serializers import (
    InvoiceSerializer,
    PaymentSerializer,
    TransactionSerializer,
)
from bizsuite.errors import Conflict, Invalid
from bizsuite.events.recording import NewEvent, record_events
from bizsuite.identity.actors import Actor
from customers.customers import require_active
from customers.models import Customer


class InvoiceNotOpen(Conflict):
    code = "invoice_not_open"


class PaymentExceedsBalance(Conflict):
    code = "payment_exceeds_balance"


class NoIncomeCategory(Conflict):
    code = "no_income_category"


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
    line: Mapping[str, Any] | None = None,
    **details: Any,
) -> Payment:
    """Record money received, and put it against invoices.

    allocations: {invoice, amount} each; what they leave of `amount` is the customer's credit.
    account: where it goes; the installation's first one if None.
    line: what its line in the cash book says: category, description, external_id, metadata.
    details: method, reference, notes, external_id, metadata.
    """
    profile = open_books()
    date = date or profile.today()
    require_open_period([date], profile)
    require_payable(amount, profile.currency)
    unallocated = amount - _total(allocations, amount)
    if unallocated:
        # An archived customer may pay what they owe; credit would be new business with them.
        require_active(customer)
    account = account or default_account()
    require_in_use(account, "account_id")
    _require_allocatable(allocations, customer, profile.currency)
    payment = Payment(
        customer=customer,
        account=account,
        date=date,
        amount=amount,
        unallocated=unallocated,
        currency=profile.currency,
        **details,
    )
    payment.search_text = payment.folded_search_text()
    payment.save(force_insert=True)
    _book_line(payment, **line or {})
    settled = _settle_all(payment, allocations)
    _record_receipt(payment, settled, actor)
    return payment


def _settle_all(payment: Payment, allocations: Sequence[Mapping[str, Any]]) -> list[Invoice]:
    """Put a payment against its invoices and book it; returns the invoices as they are then.

    Money that came before its invoice's date is the customer's credit until then: one entry on
    each date.
    """
    cash = NewPosting(ledger=Ledger.CASH, amount=payment.amount, account=payment.account)
    postings: dict[datetime.date, list[NewPosting]] = {payment.date: [cash]}
    settled = []
    # In the order of their ids, so that two payments over the same invoices cannot deadlock.
    for allocation in sorted(allocations, key=lambda each: each["invoice"].pk):
        invoice, its_postings = _settle(payment, allocation["invoice"], allocation["amount"])
        settled.append(invoice)
        postings.setdefault(_settled_on(payment, invoice), []).extend(its_postings)
    post_entries([_entry(payment, date, postings[date]) for date in sorted(postings)])
    return settled


def _settled_on(payment: Payment, invoice: Invoice) -> datetime.date:
    """Nothing is owed on an invoice, and nothing earned by it, before its date."""
    return max(payment.date, invoice.date)


def _entry(payment: Payment, date: datetime.date, postings: Sequence[NewPosting]) -> NewEntry:
    """What is left open by `postings` goes to the customer's credit, or comes from it."""
    left = sum((each.amount for each in postings if each.basis != Basis.CASH), Decimal(0))
    credit = NewPosting(ledger=Ledger.CUSTOMER_CREDIT, amount=-left, customer=payment.customer)
    return NewEntry(
        date=date,
        document=payment,
        description=f"Payment from {payment.customer.account}",
        currency=payment.currency,
        postings=[*postings, credit],
    )


def _require_allocatable(
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


def _total(allocations: Sequence[Mapping[str, Any]], amount: Decimal) -> Decimal:
    total = sum((allocation["amount"] for allocation in allocations), Decimal(0))
    if total > amount:
        raise Invalid({"allocations": "Allocations must not add up to more than the amount"})
    return total


def _settle(
    payment: Payment, invoice: Invoice, amount: Decimal
) -> tuple[Invoice, list[NewPosting]]:
    """Put `amount` of a payment against an invoice; returns the invoice as it is then."""
    invoice = locked(invoice)
    if invoice.customer_id != payment.customer_id:  # a draft, moved and issued meanwhile
        raise Invalid({"allocations": f"Invoice {invoice.pk} is another customer's"})
    if not invoice.is_open():
        raise InvoiceNotOpen(
            f"Invoice {invoice.number or invoice.pk} is {invoice.status}; nothing is owed on it.",
            allowed=allowed_moves(invoice),
        )
    if amount > invoice.balance:
        raise PaymentExceedsBalance(
            f"Invoice {invoice.number} has {_printed(invoice)} {invoice.currency} left to pay.",
            allowed=allowed_moves(invoice),
        )
    before = invoice.paid + invoice.credited
    after = before + amount
    status = InvoiceStatus.PAID if after == invoice.amount else InvoiceStatus.PARTIALLY_PAID
    Invoice.objects.filter(pk=invoice.pk).change(
        paid=invoice.paid + amount, balance=invoice.balance - amount, status=status
    )
    Allocation.objects.create(
        payment=payment,
        invoice=invoice,
        amount=amount,
        tax=tax_when_settled(invoice, after) - tax_when_settled(invoice, before),
        date=_settled_on(payment, invoice),
    )
    postings = settlement_postings(
        invoice,
        settled_before=before,
        settled_after=after,
        default_category=default_income_category(),
    )
    invoice.refresh_from_db(fields=["paid", "balance", "status", "version", "updated_at"])
    return invoice, postings


def _printed(invoice: Invoice) -> Any:
    return InvoiceSerializer(invoice).data["balance"]


def _book_line(
    payment: Payment, *, category: Category | None = None, description: str = "", **details: Any
) -> None:
    """The payment's line in the cash book."""
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
        amount=payment.amount,
        currency=payment.currency,
        description=description or f"Payment from {payment.customer.account}",
        **details,
    )
    line.search_text = line.folded_search_text()
    line.save(force_insert=True)


def _record_receipt(payment: Payment, settled: Sequence[Invoice], actor: Actor) -> None:
    events = [
        NewEvent("payment.received", payment, PaymentSerializer(payment).data),
        NewEvent(
            "transaction.created",
            payment.transaction,
            TransactionSerializer(payment.transaction).data,
        ),
    ]
    for invoice in settled:
        event = "invoice.paid" if invoice.status == InvoiceStatus.PAID else "invoice.updated"
        events.append(NewEvent(event, invoice, InvoiceSerializer(invoice).data))
    record_events(events, actor=actor)
