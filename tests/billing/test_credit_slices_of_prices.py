"""However an invoice with discounts, categories or tax in its prices is credited in slices, the
notes add up to it: per rate and category, tax included."""

import random
from collections import defaultdict
from decimal import Decimal

import pytest

from billing.credit_notes import create_credit_note
from billing.invoices import create_invoices
from billing.models import Invoice
from billing.models.ledger import Ledger
from tests.billing.books import booked
from tests.billing.pricing_oracle import WHOLE, Group, OracleDocument, half_up
from tests.billing.random_documents import new_document, random_document
from tests.factories import DAY, SYSTEM, make_customer

pytestmark = pytest.mark.django_db

COUNT, SLICES = 30, 4


class Credited:
    """What is credited of a document so far: net by item, tax by group."""

    def __init__(self, document: OracleDocument) -> None:
        self.document = document
        self.nets = [0] * len(document.items)

    def left(self, item: int) -> int:
        return self.document.nets[item] - self.nets[item]

    def net(self, group: Group) -> int:
        return sum(
            net
            for net, item in zip(self.nets, self.document.items, strict=True)
            if (item.category, item.rate) == group
        )

    def tax(self, group: Group) -> int:
        """That on all credited so far; on all there is, all of it."""
        _, net, tax = self.document.taxes[group]
        credited = self.net(group)
        return tax if credited == net else min(half_up(credited * group[1], WHOLE), tax)


def random_slice(dice: random.Random, known: Credited) -> dict[int, int]:
    """How much of which items, in cents without tax."""
    return {
        item: dice.choice([known.left(item), dice.randint(1, known.left(item))])
        for item in range(len(known.nets))
        if known.left(item) and dice.random() < 0.6
    }


def credit(invoice: Invoice, known: Credited, asked: dict[int, int]) -> None:
    items = list(invoice.items.all())
    before = {group: known.tax(group) for group in known.document.taxes}
    note = create_credit_note(
        invoice,
        items=[
            {"invoice_item": items[item], "total": Decimal(net).scaleb(-2)}
            for item, net in asked.items()
        ],
        date=DAY,
        actor=SYSTEM,
    )
    nets: dict[Group, int] = defaultdict(int)
    for item, net in asked.items():
        known.nets[item] += net
        nets[(known.document.items[item].category, known.document.items[item].rate)] += net
    assert {
        (line.category, int(line.rate.scaleb(4))): (int(line.net * 100), int(line.tax * 100))
        for line in note.taxes.all()
    } == {group: (net, known.tax(group) - before[group]) for group, net in nets.items()}


def test_slices_add_up_per_rate_and_category():
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    dice = random.Random(seed)
    documents = [random_document(dice) for _ in range(COUNT)]
    customer = make_customer()
    invoices = create_invoices(
        [{"customer": customer, "date": DAY} | new_document(each) for each in documents],
        actor=SYSTEM,
    )

    for invoice, document in zip(invoices, documents, strict=True):
        known = Credited(document)
        for _ in range(dice.randint(1, SLICES)):
            if asked := random_slice(dice, known):
                credit(invoice, known, asked)
        if any(known.left(item) for item in range(len(known.nets))):
            create_credit_note(invoice, date=DAY, actor=SYSTEM)

        invoice.refresh()
        assert invoice.credited == invoice.amount
        assert (invoice.status, invoice.balance) == ("Paid", 0)
        lines = list(invoice.taxes.all())
        assert [(line.credited_net, line.credited_tax) for line in lines] == [
            (line.net, line.tax) for line in lines
        ]
    for ledger in (Ledger.RECEIVABLE, Ledger.INCOME, Ledger.TAX_PAYABLE):
        assert booked(ledger) == 0
