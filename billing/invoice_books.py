"""How an invoice stands in the books: what it posts when issued, as it is paid and credited."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db.models import Sum

from billing.exchange import converted, spread
from billing.ledger import NewEntry, NewPosting
from billing.models import Category, CreditNote, Invoice
from billing.models.ledger import Basis, Ledger
from bizsuite.money import cumulative_share, round_money, split_by_weight


@dataclass(frozen=True, slots=True)
class Paid:
    """What is paid of an invoice, and the tax in it.

    base_amount: what that clears of the receivable in the organisation's currency, which is the
    invoice's rate and not the payment's.
    """

    amount: Decimal
    tax: Decimal
    base_amount: Decimal

    @property
    def net(self) -> Decimal:
        return self.amount - self.tax


@dataclass(frozen=True, slots=True)
class Content:
    """What an invoice charges, as weights: net by category of income, tax by rate."""

    net: Mapping[Category | None, Decimal]
    tax: Mapping[Decimal, Decimal]


# What is worth something of an invoice: the net of a category of income, the tax at a rate.
Part = tuple[Ledger, Category | Decimal | None]
Worth = Mapping[Part, Decimal]


def issue_entry(
    invoice: Invoice, default_category: Category | None, base_currency: str
) -> NewEntry:
    """The customer owes the total; on the accrual basis it is income and tax from now on."""
    worth = worth_left(invoice, base_currency)
    all_of_it = Paid(invoice.amount, invoice.tax, total_worth(worth))
    receivable = NewPosting(
        ledger=Ledger.RECEIVABLE,
        amount=invoice.amount,
        base_amount=all_of_it.base_amount,
        basis=Basis.ACCRUAL,
        customer=invoice.customer,
    )
    content = content_of(invoice, default_category)
    earned = _amounts(all_of_it, content, invoice.currency)
    shares = _booked_under(worth, default_category)
    lines = [receivable, *_earned(invoice, earned, shares, Basis.ACCRUAL)]
    return NewEntry(
        date=invoice.date,
        document=invoice,
        description=f"Invoice {invoice.number}",
        currency=invoice.currency,
        exchange_rate=invoice.exchange_rate,
        postings=lines,
    )


def credit_entry(note: CreditNote, default_category: Category | None, taken: Worth) -> NewEntry:
    """The customer owes less; on the accrual basis it is less income and tax from now on.

    taken: what the note takes off each part of the invoice, in the organisation's currency.
    """
    net: dict[Category | None, Decimal] = defaultdict(Decimal)
    for item in note.items.select_related("invoice_item__category"):
        net[item.invoice_item.category or default_category] += item.total
    content = Content(net, {line.rate: line.tax for line in note.taxes.all() if line.tax})
    credited = Paid(-note.amount, -note.tax, -note.base_amount)
    less = {part: -worth for part, worth in _booked_under(taken, default_category).items()}
    earned = _earned(note.invoice, _amounts(credited, content, note.currency), less, Basis.ACCRUAL)
    receivable = NewPosting(
        ledger=Ledger.RECEIVABLE,
        amount=-note.amount,
        base_amount=-note.base_amount,
        basis=Basis.ACCRUAL,
        customer=note.customer,
    )
    return NewEntry(
        date=note.date,
        document=note,
        description=f"Credit note {note.number} on invoice {note.invoice.number}",
        currency=note.currency,
        exchange_rate=note.exchange_rate,
        postings=[receivable, *earned],
    )


def content_of(invoice: Invoice, default_category: Category | None) -> Content:
    """What the invoice charges still: less what is credited, or all of it if all is credited."""
    net: dict[Category | None, Decimal] = defaultdict(Decimal)
    net_left: dict[Category | None, Decimal] = defaultdict(Decimal)
    for item in invoice.items.all():
        category = item.category or default_category
        net[category] += item.net
        net_left[category] += item.left
    lines = [line for line in invoice.taxes.all() if line.tax]
    tax = {line.rate: line.tax for line in lines}
    tax_left = {line.rate: line.tax - line.credited_tax for line in lines}
    return Content(
        net=net_left if any(net_left.values()) else net,
        tax=tax_left if any(tax_left.values()) else tax,
    )


def tax_when_paid(invoice: Invoice, paid: Decimal) -> Decimal:
    """The tax in the first `paid` of what an invoice charges still, rounded cumulatively.

    119.00 with 19.00 tax: 6.33 in the first 39.67, 12.67 in 79.34, 19.00 in all of it. What a
    step carries is the difference, so the steps of any payment plan add up to the tax.
    """
    charged = invoice.amount - invoice.credited
    if not charged:
        return round_money(0, invoice.currency)
    tax = invoice.tax - sum((line.credited_tax for line in invoice.taxes.all()), Decimal(0))
    return cumulative_share(tax, Decimal(0), paid, charged, invoice.currency)


def base_charged(invoice: Invoice, base_currency: str) -> Decimal:
    """What an invoice charges still, in the organisation's currency.

    Less what its notes took off: one may have made up for a cent, so they are asked themselves.
    """
    whole = converted(invoice.amount, invoice.exchange_rate, base_currency)
    if not invoice.credited:
        return whole
    credited: Decimal = invoice.credit_notes.aggregate(
        total=Sum("base_amount", default=Decimal(0))
    )["total"]
    return whole - credited


def base_when_paid(
    invoice: Invoice, paid: Decimal, charged_worth: Decimal, base_currency: str
) -> Decimal:
    """What the first `paid` of what an invoice charges still clears of its receivable.

    charged_worth: all that it charges still, as `base_charged`. 100.00 USD at 0.9155 are 91.55
    EUR: 30.51 in the first 33.33, 61.03 in 66.66, 91.55 in all of it, whatever was paid for them.
    """
    charged = invoice.amount - invoice.credited
    if not charged:
        return round_money(0, base_currency)
    return cumulative_share(charged_worth, Decimal(0), paid, charged, base_currency)


def worth_issued(invoice: Invoice, base_currency: str) -> Worth:
    """What an invoice is worth in the organisation's currency, part by part.

    By the items' own categories: which one stands for none may change.
    """
    whole = converted(invoice.amount, invoice.exchange_rate, base_currency)
    return _shared_out(whole, _charged(invoice), invoice.exchange_rate, base_currency)


def worth_left(invoice: Invoice, base_currency: str) -> Worth:
    """What of that is charged still. What is credited leaves each part by cumulative rounding:
    however an invoice is credited in slices, nothing is left of the last."""
    credited: dict[Part, Decimal] = defaultdict(Decimal)
    for item in invoice.items.all():
        credited[Ledger.INCOME, item.category] += item.credited
    for line in invoice.taxes.all():
        credited[Ledger.TAX_PAYABLE, line.rate] += line.credited_tax
    charged = _charged(invoice)
    return {
        part: share - _cleared(share, credited[part], charged[part], base_currency)
        for part, share in worth_issued(invoice, base_currency).items()
    }


def _charged(invoice: Invoice) -> dict[Part, Decimal]:
    charged: dict[Part, Decimal] = defaultdict(Decimal)
    for item in invoice.items.all():
        charged[Ledger.INCOME, item.category] += item.net
    for line in invoice.taxes.all():
        charged[Ledger.TAX_PAYABLE, line.rate] += line.tax
    return charged


def base_cleared(invoice: Invoice) -> Decimal:
    """What payments and write-offs have cleared of its receivable so far."""
    paid: Decimal = invoice.allocations.aggregate(total=Sum("base_amount", default=Decimal(0)))[
        "total"
    ]
    return paid + base_given_up(invoice)


def base_given_up(invoice: Invoice) -> Decimal:
    """What write-offs have cleared of its receivable."""
    if not invoice.written_off:
        return Decimal(0)
    standing = invoice.write_offs.filter(reversed_on=None)
    given_up: Decimal = standing.aggregate(total=Sum("base_amount", default=Decimal(0)))["total"]
    return given_up


def total_worth(worth: Worth) -> Decimal:
    return sum(worth.values(), Decimal(0))


def payment_postings(
    invoice: Invoice, *, before: Paid, after: Paid, content: Content, base_currency: str
) -> list[NewPosting]:
    """A step of payment: the customer owes less; on the cash basis it is income and tax now.

    Money that goes back is a step too, with the signs turned.
    """
    receivable = NewPosting(
        ledger=Ledger.RECEIVABLE,
        amount=before.amount - after.amount,
        base_amount=before.base_amount - after.base_amount,
        basis=Basis.ACCRUAL,
        customer=invoice.customer,
    )
    later = _received(invoice, after, content, base_currency)
    earlier = _received(invoice, before, content, base_currency)
    return [receivable, *_difference(later, earlier)]


def rebooked_postings(
    invoice: Invoice,
    *,
    before: Paid,
    after: Paid,
    booked: Content,
    content: Content,
    base_currency: str,
) -> list[NewPosting]:
    """What makes a step of payment that was `booked` as income of one content that of another."""
    now, then = (
        payment_postings(
            invoice, before=before, after=after, content=each, base_currency=base_currency
        )
        for each in (content, booked)
    )
    return [each for each in _difference(now, then) if each.amount or each.base_amount]


def _received(
    invoice: Invoice, paid: Paid, content: Content, base_currency: str
) -> list[NewPosting]:
    """What is paid as income and tax of the cash basis."""
    amounts = _amounts(paid, content, invoice.currency)
    shares = _shared_out(paid.base_amount, amounts, invoice.exchange_rate, base_currency)
    return _earned(invoice, amounts, shares, Basis.CASH)


def _shared_out(whole: Decimal, amounts: Worth, rate: Decimal, base_currency: str) -> Worth:
    """What each part is worth, so that the parts add up to `whole`.

    The tax is converted by itself, as it is printed on the document, and the net has the rest;
    each of both is shared out by largest remainder.
    """
    tax = {part: amount for part, amount in amounts.items() if part[0] == Ledger.TAX_PAYABLE}
    net = {part: amount for part, amount in amounts.items() if part not in tax}
    tax_worth = whole
    if any(net.values()):
        tax_worth = converted(sum(tax.values(), Decimal(0)), rate, base_currency)
    shared: dict[Part, Decimal] = {}
    for parts, worth in ((net, whole - tax_worth), (tax, tax_worth)):
        shares = spread(worth, list(parts.values()), base_currency)
        shared |= dict(zip(parts, shares, strict=True))
    return shared


def _amounts(paid: Paid, content: Content, currency: str) -> Worth:
    """Net by the items' categories and tax by rate, in proportion, to the cent."""
    net = split_by_weight(paid.net, list(content.net.values()), currency)
    tax = split_by_weight(paid.tax, list(content.tax.values()), currency)
    amounts: dict[Part, Decimal] = {}
    for category, share in zip(content.net, net, strict=True):
        amounts[Ledger.INCOME, category] = share
    for rate, share in zip(content.tax, tax, strict=True):
        amounts[Ledger.TAX_PAYABLE, rate] = share
    return amounts


def _earned(
    invoice: Invoice, amounts: Worth, base_amounts: Worth, basis: Basis
) -> list[NewPosting]:
    return [
        NewPosting(
            ledger=ledger,
            amount=-amount,
            base_amount=-base_amounts.get((ledger, of), Decimal(0)),
            basis=basis,
            category=of if isinstance(of, Category) else None,
            customer=invoice.customer,
            tax_rate=of if isinstance(of, Decimal) else None,
        )
        for (ledger, of), amount in amounts.items()
    ]


def _booked_under(worth: Worth, default_category: Category | None) -> dict[Part, Decimal]:
    """With the category under which income goes that names none."""
    booked: dict[Part, Decimal] = defaultdict(Decimal)
    for (ledger, of), share in worth.items():
        booked[ledger, of if of is not None else default_category] += share
    return booked


def _cleared(share: Decimal, done: Decimal, whole: Decimal, base_currency: str) -> Decimal:
    if not done:
        return Decimal(0)
    return cumulative_share(share, Decimal(0), done, whole, base_currency)


def _difference(after: Iterable[NewPosting], before: Iterable[NewPosting]) -> list[NewPosting]:
    """Both lists are the same categories and rates in the same order."""
    return [
        replace(
            later,
            amount=later.amount - earlier.amount,
            base_amount=(later.base_amount or Decimal(0)) - (earlier.base_amount or Decimal(0)),
        )
        for later, earlier in zip(after, before, strict=True)
    ]
