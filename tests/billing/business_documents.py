"""Steps of a random history: invoices, what is credited of them, what is written off."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from billing import credit_notes, invoices, write_offs
from billing.models import WriteOff
from tests.billing.business import (
    Business,
    amounts,
    day,
    discounts,
    fine,
    items,
    money,
    months,
    which,
)
from tests.billing.known_books import KnownInvoice, KnownWriteOff
from tests.billing.oracle import OracleInvoice, half_up
from tests.factories import SYSTEM


class Documents(Business):
    @rule(
        content=items,
        month=months,
        draft=st.booleans(),
        customer=st.integers(0, 1),
        item_percent=discounts,
        percent=discounts,
        inclusive=st.booleans(),
    )
    def create_invoice(
        self, content, month, draft, customer, item_percent, percent, inclusive
    ) -> None:
        discount = {"discount_percent": fine(percent)} if percent else {}
        made = self.attempt(
            draft or self.open_in(month),
            lambda: invoices.create_invoice(
                customer=self.customers[customer],
                date=day(month),
                items=self.new_items(content, item_percent),
                tax_inclusive=inclusive,
                draft=draft,
                actor=SYSTEM,
                **discount,
            ),
        )
        if made:
            state = "draft" if draft else "issued"
            self.known.invoices[made.pk] = KnownInvoice(
                OracleInvoice(content, item_percent, percent, inclusive),
                month,
                made.customer_id,
                state,
            )

    @precondition(lambda self: self.known.invoices)
    @rule(number=which, content=items)
    def change_items(self, number, content) -> None:
        invoice, known = self.some_invoice(number)
        same = content == known.content.items
        allowed = known.state == "draft" or same
        self.attempt(
            allowed,
            lambda: invoices.update_invoice(
                invoice,
                items=self.new_items(content, known.content.item_percent),
                actor=SYSTEM,
            ),
        )
        if allowed:
            known.content.items = content
            known.content.__post_init__()

    @precondition(lambda self: self.known.invoices)
    @rule(number=which)
    def issue(self, number) -> None:
        invoice, known = self.some_invoice(number)
        allowed = known.state == "draft" and self.open_in(known.month)
        refusal = "period_closed" if known.state == "draft" else "invoice_not_draft"
        self.attempt(allowed, lambda: invoices.issue_invoice(invoice, actor=SYSTEM), refusal)
        if allowed:
            known.state = "issued"

    @precondition(lambda self: self.known.invoices)
    @rule(number=which)
    def void(self, number) -> None:
        invoice, known = self.some_invoice(number)
        content = known.content
        touched = bool(content.paid or content.credited or content.written_off)
        voided = self.attempt_unless(
            {
                "invoice_not_voidable": known.state != "issued" or touched,
                "period_closed": not self.open_in(known.month),
            },
            lambda: invoices.void_invoice(invoice, actor=SYSTEM),
        )
        if voided:
            known.state = "void"

    @precondition(lambda self: self.known.invoices)
    @rule(number=which)
    def delete(self, number) -> None:
        invoice, known = self.some_invoice(number)
        allowed = known.state == "draft"
        self.attempt(
            allowed, lambda: invoices.delete_invoice(invoice, actor=SYSTEM), "invoice_issued"
        )
        if allowed:
            del self.known.invoices[invoice.pk]

    @precondition(lambda self: self.known.invoices)
    @rule(number=which, month=months)
    def credit_the_rest(self, number, month) -> None:
        invoice, known = self.some_invoice(number)
        lines = [
            (item, known.content.left(item), known.content.quantity_left(item))
            for item in range(len(known.content.items))
            if known.content.left(item)
        ]
        self._credit(invoice, known, month, lines, None)

    @precondition(lambda self: self.known.invoices)
    @rule(number=which, month=months, item=which, net=amounts)
    def credit_an_amount(self, number, month, item, net) -> None:
        invoice, known = self.some_invoice(number)
        item %= len(known.content.items)
        possible = net <= known.content.left(item)
        its_item = invoice.items.all()[item]
        self._credit(
            invoice,
            known,
            month,
            [(item, net, 0)] if possible else [],
            [{"invoice_item": its_item, "total": money(net)}],
        )

    @precondition(lambda self: self.known.invoices)
    @rule(number=which, month=months, item=which, share=st.integers(1, 3))
    def credit_a_quantity(self, number, month, item, share) -> None:
        invoice, known = self.some_invoice(number)
        item %= len(known.content.items)
        left = known.content.quantity_left(item)
        quantity = max(left // share, 1)
        net = half_up(known.content.left(item) * quantity, left) if left else 0
        self._credit(
            invoice,
            known,
            month,
            [(item, net, quantity)] if net else [],
            [{"invoice_item": invoice.items.all()[item], "quantity": fine(quantity)}],
        )

    def _credit(self, invoice, known, month, lines, asked) -> None:
        """lines: what the model credits; none if it must be refused."""
        allowed = (
            bool(lines)
            and known.state == "issued"
            and month >= known.month
            and self.open_in(month)
            and known.can_credit(lines)
        )
        self.attempt(
            allowed,
            lambda: credit_notes.create_credit_note(
                invoice, items=asked, date=day(month), actor=SYSTEM
            ),
        )
        if allowed:
            known.credit(lines, month)

    # ── What will not be paid ──

    @precondition(lambda self: self.known.invoices)
    @rule(number=which, amount=amounts | st.none(), month=months)
    def write_off(self, number, amount, month) -> None:
        """amount: None for all that is owed."""
        invoice, known = self.some_invoice(number)
        owed = known.content.balance if known.state == "issued" else 0
        made = self.attempt_unless(
            {
                "validation_failed": month < known.month,
                "invoice_not_open": not owed,
                "write_off_exceeds_balance": (amount or 0) > owed,
                "period_closed": not self.open_in(month),
            },
            lambda: write_offs.write_off_invoice(
                invoice,
                amount=None if amount is None else money(amount),
                date=day(month),
                actor=SYSTEM,
            ),
        )
        if made:
            known.content.written_off += amount or owed
            self.known.write_offs[made.pk] = KnownWriteOff(known, amount or owed, month)

    @precondition(lambda self: self.known.write_offs)
    @rule(number=which, month=months)
    def reverse_write_off(self, number, month) -> None:
        pk = list(self.known.write_offs)[number % len(self.known.write_offs)]
        known = self.known.write_offs[pk]
        taken_back = self.attempt_unless(
            {
                "write_off_reversed": known.reversed_in is not None,
                "validation_failed": month < known.month,
                "period_closed": not self.open_in(month),
            },
            lambda: write_offs.reverse_write_off(
                WriteOff.objects.get(pk=pk), date=day(month), actor=SYSTEM
            ),
        )
        if taken_back:
            known.reversed_in = month
            known.invoice.content.written_off -= known.amount
