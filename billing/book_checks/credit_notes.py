"""Credit notes: each computed anew from what its invoice had left when it was made."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from billing.book_checks.findings import NOTHING, Finding, differs, named, off, paged
from billing.credit_note_content import Credit, credit_of_quantity, tax_on_credited
from billing.models import CreditNote, CreditNoteItem, Invoice, InvoiceItem
from bizsuite.money import TaxKey


def credit_notes_add_up() -> Iterator[Finding]:
    """What is credited of an invoice are its notes, each its items and the tax by rate."""
    rows = Invoice.objects.prefetch_related(
        "items", "taxes", "credit_notes__items", "credit_notes__taxes"
    )
    for invoice in paged(rows):
        yield from _Replay(invoice).findings()


class _Replay:
    """An invoice's credit notes made again, one after the other."""

    def __init__(self, invoice: Invoice) -> None:
        self.invoice = invoice
        self.items = {item.pk: item for item in invoice.items.all()}
        self.stored = {
            pk: (item.credited, item.credited_quantity) for pk, item in self.items.items()
        }
        for item in self.items.values():
            item.credited = item.credited_quantity = NOTHING
        self.net: dict[TaxKey, Decimal] = defaultdict(Decimal)
        self.tax: dict[TaxKey, Decimal] = defaultdict(Decimal)

    def findings(self) -> Iterator[Finding]:
        total = NOTHING
        for note in sorted(self.invoice.credit_notes.all(), key=lambda note: note.pk):
            yield from self._note(note)
            total += note.amount
        yield from differs(self.invoice, "credited", self.invoice.credited, total)
        for pk, item in self.items.items():
            net, quantity = self.stored[pk]
            yield from differs(item, "credited", net, item.credited)
            yield from differs(item, "credited quantity", quantity, item.credited_quantity)
        for line in self.invoice.taxes.all():
            name = f"Tax line {line.pk} of invoice {self.invoice.pk}"
            for what, stored, computed in (
                ("credited net", line.credited_net, self.net[line.key]),
                ("credited tax", line.credited_tax, self.tax[line.key]),
            ):
                if stored != computed:
                    yield off(name, what, stored, computed)

    def _note(self, note: CreditNote) -> Iterator[Finding]:
        yield from differs(note, "customer_id", note.customer_id, self.invoice.customer_id)
        if note.date < self.invoice.date:
            yield f"{named(note)} is dated before its invoice {self.invoice.pk}."
        net: dict[TaxKey, Decimal] = defaultdict(Decimal)
        for credited in note.items.all():
            item = self.items.get(credited.invoice_item_id)
            if item is None:
                yield f"{named(note)} credits item {credited.invoice_item_id} of another invoice."
            else:
                yield from self._item(note, credited, item)
                net[item.tax_key] += credited.total
        yield from self._taxes(note, net)

    def _item(
        self, note: CreditNote, credited: CreditNoteItem, item: InvoiceItem
    ) -> Iterator[Finding]:
        if credited.quantity is not None:
            expected: Credit = credit_of_quantity(item, credited.quantity, note.currency)
            yield from differs(credited, f"net on {note.number}", credited.total, expected.total)
        item.credited += credited.total
        item.credited_quantity += credited.quantity or NOTHING

    def _taxes(self, note: CreditNote, net: dict[TaxKey, Decimal]) -> Iterator[Finding]:
        expected = []
        for line in self.invoice.taxes.all():
            if line.key in net:
                self.net[line.key] += net[line.key]
                tax = tax_on_credited(self.net[line.key], line, note.currency)
                expected.append((line.key, net[line.key], tax - self.tax[line.key]))
                self.tax[line.key] = tax
        if [(each.key, each.net, each.tax) for each in note.taxes.all()] != expected:
            yield f"{named(note)}: its tax lines are not those of its items."
        subtotal = sum(net.values(), NOTHING)
        tax = sum((each[2] for each in expected), NOTHING)
        yield from differs(note, "subtotal", note.subtotal, subtotal)
        yield from differs(note, "tax", note.tax, tax)
        yield from differs(note, "amount", note.amount, subtotal + tax)
