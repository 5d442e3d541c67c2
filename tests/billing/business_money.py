"""Steps of a random history: money from customers, and back to them."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from billing import payments, refunds
from billing.models import Allocation, Invoice
from tests.billing.business import FEBRUARY, Business, amounts, day, money, months, which
from tests.billing.known_books import KnownPayment
from tests.factories import SYSTEM


class Money(Business):
    def know(self, payment, month, account=1) -> KnownPayment:
        known = KnownPayment(
            customer=payment.customer_id,
            account=account,
            amount=int(payment.amount * 100),
            month=month,
            unallocated=0,
        )
        self.known.payments[payment.pk] = known
        return known

    @precondition(lambda self: self.known.invoices)
    @rule(
        number=which,
        amount=amounts | st.none(),
        month=months,
        account=which,
        allow_credit=st.booleans(),
    )
    def pay(self, number, amount, month, account, allow_credit) -> None:
        """amount: None for all that is owed."""
        invoice, known = self.some_invoice(number)
        owed, to = known.content.balance, self.some_account(account)
        amount = amount or owed or 1
        made = self.attempt_unless(
            {
                "period_closed": not self.open_in(month),
                "invoice_not_open": known.state != "issued" or not (owed or allow_credit),
                "payment_exceeds_balance": amount > owed and not allow_credit,
            },
            lambda: payments.pay_invoice(
                invoice,
                amount=money(amount),
                date=day(month),
                account=to,
                allow_credit=allow_credit,
                actor=SYSTEM,
            ),
        )
        if made:
            taken = min(amount, owed)
            payment = self.know(made, month, to.pk)
            payment.unallocated = amount - taken
            if taken:
                known.pay(payment, taken, month)

    @precondition(lambda self: self.known.invoices)
    @rule(numbers=st.lists(which, max_size=3), share=st.integers(1, 4), extra=amounts)
    def pay_several(self, numbers, share, extra) -> None:
        """A part of what is owed on some invoices of one customer, and some credit."""
        chosen = self._open_ones(numbers, share)
        customers = {invoice.customer_id for invoice, _, _ in chosen}
        if len(customers) > 1:
            return
        made = payments.record_payment(
            customer=chosen[0][0].customer if chosen else self.customers[0],
            amount=money(sum(part for _, _, part in chosen) + extra),
            allocations=[
                {"invoice": invoice, "amount": money(part)} for invoice, _, part in chosen
            ],
            date=day(FEBRUARY),
            actor=SYSTEM,
        )
        payment = self.know(made, FEBRUARY)
        payment.unallocated = extra
        for _, known, part in chosen:
            known.pay(payment, part, FEBRUARY)

    def _open_ones(self, numbers, share) -> list:
        """(invoice, known, part of what is owed) of those that owe so much, by their ids."""
        found = {}
        for number in numbers:
            invoice, known = self.some_invoice(number)
            if known.content.balance >= share and known.state == "issued":
                found[invoice.pk] = (invoice, known, known.content.balance // share)
        return [found[pk] for pk in sorted(found)]

    @precondition(lambda self: self.known.payments)
    @rule(number=which, amount=amounts | st.none(), month=months, to=which)
    def allocate(self, number, amount, month, to) -> None:
        """To an invoice of the customer's; amount: None for as much as possible."""
        payment, known = self.some_payment(number)
        own = [pk for pk, each in self.known.invoices.items() if each.customer == known.customer]
        if not own:
            return
        pk = own[to % len(own)]
        invoice = self.known.invoices[pk]
        owed = invoice.content.balance
        amount = amount or min(owed, known.unallocated) or 1
        allowed = (
            invoice.state == "issued"
            and amount <= min(owed, known.unallocated)
            and self.open_in(max(month, known.month, invoice.month))
        )
        allocation = {"invoice": Invoice.objects.get(pk=pk), "amount": money(amount)}
        self.attempt(
            allowed,
            lambda: payments.allocate_payment(
                payment, allocations=[allocation], date=day(month), actor=SYSTEM
            ),
        )
        if allowed:
            known.unallocated -= amount
            invoice.pay(known, amount, month)

    @precondition(lambda self: self.known.payments)
    @rule(number=which, amount=amounts | st.none(), month=months)
    def refund(self, number, amount, month) -> None:
        """amount: None for all that is left."""
        payment, known = self.some_payment(number)
        newest = self._newest_parts(payment, known)
        taken = known.left if amount is None else amount
        allowed = 0 < taken <= known.left and month >= known.month and self.open_in(month)
        self.attempt(
            allowed,
            lambda: refunds.refund_payment(
                payment,
                amount=None if amount is None else money(amount),
                date=day(month),
                actor=SYSTEM,
            ),
        )
        if allowed:
            self.known.refund(known, taken, month, newest)

    def _newest_parts(self, payment, known) -> list:
        """The model's parts of a payment, in the order of the rows that they stand for."""
        standing = {invoice_pk: [] for invoice_pk in self.known.invoices}
        for pk, invoice in self.known.invoices.items():
            standing[pk] = [p for p in invoice.parts if p.payment is known and p.amount]
        rows = Allocation.objects.filter(payment=payment).order_by("-id")
        return [standing[row.invoice_id].pop() for row in rows]

    @precondition(lambda self: self.known.payments)
    @rule(number=which, month=months | st.none())
    def reverse(self, number, month) -> None:
        payment, known = self.some_payment(number)
        booked = {max(month or each, each) for each in known.months}
        allowed = (
            not known.reversed
            and not known.refunded
            and (month is None or month >= known.month)
            and self.open_in(*booked)
        )
        self.attempt(
            allowed,
            lambda: payments.reverse_payment(payment, date=month and day(month), actor=SYSTEM),
        )
        if allowed:
            self.known.reverse(known, month or 0)
