"""The cash book: income and expenses, corrected by reversals."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing.amounts import require_payable
from billing.catalogue import require_category, require_in_use
from billing.currency import open_books
from billing.exchange import Rates, converted, rate_after, spread
from billing.ledger import NewEntry, NewPosting, post_entries, post_entry, reversal
from billing.models import Account, Invoice, Transaction
from billing.models.catalogue import FlowType
from billing.models.ledger import Ledger
from billing.payments import pay_invoice
from billing.serializers import TransactionSerializer
from bizsuite.errors import Conflict, Forbidden, Invalid, Stale
from bizsuite.events.recording import NewEvent, record_event, record_events
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import organisation
from bizsuite.money import split_gross
from bizsuite.records import lock


class TransactionFixed(Conflict):
    code = "transaction_fixed"


# Changing any of these changes the books.
BOOKED = ("type", "account", "category", "amount", "tax_rate", "date", "exchange_rate")
# What a line says of itself and its payment does not.
LINE_FIELDS = ("category", "description", "external_id", "metadata")


@transaction.atomic
def create_transactions(
    new_transactions: Sequence[Mapping[str, Any]], *, actor: Actor
) -> list[Transaction]:
    """Record income and expenses, all of them or none.

    Each has type, account, category, amount (the tax included, in the account's currency) and
    date, and may have tax_rate in percent, exchange_rate (that of its date if not), description,
    reference, external_id, metadata; an expense a supplier. Income with an `invoice` is a payment
    on it.
    """
    rates = Rates(open_books(*(new["account"] for new in new_transactions)).currency)
    _lock_in_order(new_transactions)
    made: list[Transaction] = []
    plain: list[Transaction] = []
    for new in new_transactions:
        fields = dict(new)
        invoice = fields.pop("invoice", None)
        if invoice is not None:
            made.append(_paid(invoice, fields, actor))
        else:
            line = _built(fields, rates)
            made.append(line)
            plain.append(line)
    Transaction.objects.bulk_create(plain)
    post_entries([_entry(line, rates.base_currency) for line in plain])
    record_events([_event("created", line) for line in plain], actor=actor)
    return made


def create_transaction(*, actor: Actor, **fields: Any) -> Transaction:
    return create_transactions([fields], actor=actor)[0]


@transaction.atomic
def update_transaction(
    line: Transaction, *, actor: Actor, if_version: int | None = None, **changes: Any
) -> Transaction:
    """Change a line. What is in the books is reversed and booked anew, each dated like its line.

    What is sent as it is already changes nothing. Raises PeriodClosed if the old or the new date
    lies in the closed period, and TransactionFixed for a payment's line.
    """
    lock(line)
    if if_version is not None and line.version != if_version:
        raise Stale("This transaction has been changed since you read it.")
    changes = {name: value for name, value in changes.items() if getattr(line, name) != value}
    if not changes:
        return line
    _require_own(line)
    entries: list[NewEntry] = []
    if any(name in changes for name in BOOKED):
        require_standing(line)
        entries.append(reversal(line, date=line.date))
    rates = Rates(open_books().currency)
    changes |= _at_new_rate(line, changes, rates)
    for name, value in changes.items():
        setattr(line, name, value)
    _require_names_in_use(line, changes)
    _check(line)
    Transaction.objects.filter(pk=line.pk).change(
        **changes, tax=line.tax, search_text=line.folded_search_text()
    )
    line.refresh()
    if entries:
        # Both at once: accounts are locked in one order, whichever way the money moves.
        post_entries([*entries, _entry(line, rates.base_currency)])
    record_events([_event("updated", line)], actor=actor)
    return line


@transaction.atomic
def delete_transaction(line: Transaction, *, actor: Actor) -> None:
    """Remove a line; the books keep its entry and the reversal, dated like it."""
    lock(line)
    _require_own(line)
    require_standing(line)
    post_entry(reversal(line, date=line.date))
    data, pk, version = TransactionSerializer(line).data, line.pk, line.version
    line.delete()
    line.pk, line.version = pk, version + 1
    record_event("transaction.deleted", line, data=data, actor=actor)


@transaction.atomic
def reverse_transaction(
    line: Transaction, *, actor: Actor, date: datetime.date | None = None
) -> Transaction:
    """Take a line out of the books on a date of its own: the way to correct a closed period."""
    lock(line)
    _require_own(line)
    require_standing(line)
    date = date or max(organisation().today(), line.date)
    if date < line.date:
        raise Invalid({"date": "A reversal must not be dated before what it reverses"})
    post_entry(reversal(line, date=date))
    Transaction.objects.filter(pk=line.pk).change(reversed_on=date)
    line.refresh()
    record_events([_event("updated", line)], actor=actor)
    return line


def likely_twin(line: Transaction) -> Transaction | None:
    """Another line that stands for the same invoice of the same supplier: booked twice, perhaps."""
    if line.supplier_id is None or not line.reference:
        return None
    same = Transaction.objects.filter(
        supplier=line.supplier_id, reference__iexact=line.reference, reversed_on=None
    )
    return same.exclude(pk=line.pk).order_by("id").first()


def _lock_in_order(new_transactions: Sequence[Mapping[str, Any]]) -> None:
    """Hold the invoices that are paid here, then the accounts: in one order, no deadlock.

    Each payment posts by itself; without this, two lists could hold an account each and wait for
    the other's.
    """
    invoices = {new["invoice"].pk for new in new_transactions if new.get("invoice") is not None}
    if invoices:
        accounts = {new["account"].pk for new in new_transactions}
        list(Invoice.objects.select_for_update().filter(pk__in=invoices).order_by("pk"))
        list(Account.objects.select_for_update().filter(pk__in=accounts).order_by("pk"))


def _require_own(line: Transaction) -> None:
    if line.payment_id is not None:
        raise TransactionFixed(
            f"Transaction {line.pk} shows payment {line.payment_id} and changes with it only."
        )


def require_standing(line: Transaction) -> None:
    if line.reversed_on is not None:
        raise TransactionFixed(f"Transaction {line.pk} was reversed on {line.reversed_on}.")


def _paid(invoice: Invoice, fields: Mapping[str, Any], actor: Actor) -> Transaction:
    """The line of a payment on `invoice`."""
    if not actor.may("write", "payments"):
        raise Forbidden("Income on an invoice is a payment; this may not write payments.")
    if fields["type"] != FlowType.INCOME:
        raise Invalid({"invoice_id": "Only income can pay an invoice"})
    if fields.get("supplier") is not None:
        raise Invalid({"supplier_id": "Only an expense has a supplier"})
    if fields.get("tax_rate"):
        raise Invalid({"tax_rate": "The tax of a payment is its invoice's"})
    if fields["account"].currency != invoice.currency:
        raise Invalid(
            {
                "invoice_id": f"The invoice is in {invoice.currency} and the account in"
                f" {fields['account'].currency}: record a payment on the invoice"
            }
        )
    line = {name: fields[name] for name in LINE_FIELDS if name in fields}
    payment = pay_invoice(
        invoice,
        amount=fields["amount"],
        date=fields["date"],
        account=fields["account"],
        exchange_rate=fields.get("exchange_rate"),
        line=line,
        actor=actor,
    )
    return payment.transaction


def _built(fields: Mapping[str, Any], rates: Rates) -> Transaction:
    currency = fields["account"].currency
    rate = rates.rate(currency, fields["date"], fields.get("exchange_rate"))
    line = Transaction(**{**fields, "currency": currency, "exchange_rate": rate})
    _require_names_in_use(line, ("account", "category", "supplier"))
    _check(line)
    line.search_text = line.folded_search_text()
    return line


def _at_new_rate(line: Transaction, changes: Mapping[str, Any], rates: Rates) -> dict[str, Any]:
    """The currency of a line is its account's, and the rate follows."""
    currency = changes.get("account", line.account).currency
    return {"currency": currency, **rate_after(line, changes, currency, rates)}


def _require_names_in_use(line: Transaction, changed: Iterable[str]) -> None:
    """What is archived may stay on a line, and not come onto one."""
    if "account" in changed:
        require_in_use(line.account, "account_id")
    if "category" in changed:
        require_in_use(line.category, "category_id")
    if "supplier" in changed and line.supplier is not None:
        require_in_use(line.supplier, "supplier_id")


def _check(line: Transaction) -> None:
    require_payable(line.amount, line.currency)
    require_category(line.category, line.type, "category_id")
    if line.supplier_id is not None and line.type != FlowType.EXPENSE:
        raise Invalid({"supplier_id": "Only an expense has a supplier"})
    _, line.tax = split_gross(line.amount, line.tax_rate, line.currency)


def _entry(line: Transaction, base_currency: str) -> NewEntry:
    """Income raises the account; an expense lowers it. The tax is the tax office's."""
    sign = Decimal(1) if line.type == FlowType.INCOME else Decimal(-1)
    ledger = Ledger.INCOME if line.type == FlowType.INCOME else Ledger.EXPENSE
    worth = converted(line.amount, line.exchange_rate, base_currency)
    net = line.amount - line.tax
    net_worth, tax_worth = spread(worth, [net, line.tax], base_currency)
    return NewEntry(
        date=line.date,
        document=line,
        description=line.description or f"{line.type}: {line.category.name}",
        currency=line.currency,
        exchange_rate=line.exchange_rate,
        postings=[
            NewPosting(
                ledger=Ledger.CASH,
                amount=sign * line.amount,
                base_amount=sign * worth,
                account=line.account,
            ),
            NewPosting(
                ledger=ledger,
                amount=-sign * net,
                base_amount=-sign * net_worth,
                category=line.category,
            ),
            NewPosting(
                ledger=Ledger.TAX_PAYABLE,
                amount=-sign * line.tax,
                base_amount=-sign * tax_worth,
                tax_rate=line.tax_rate,
            ),
        ],
    )


def _event(verb: str, line: Transaction) -> NewEvent:
    return NewEvent(f"transaction.{verb}", line, TransactionSerializer(line).data)
