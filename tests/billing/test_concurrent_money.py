"""Money that is paid, credited, refunded and reversed at the same moment."""

import contextlib
import functools
import itertools
from collections import Counter
from decimal import Decimal

import pytest

from billing import credit_notes, invoices, payments, refunds
from billing.models import CreditNote, Invoice, Payment, Refund
from bizsuite.errors import Conflict
from bizsuite.events.models import Event
from bizsuite.numbering.models import NumberSeries
from tests.api_client import ApiClient
from tests.billing.books import in_account
from tests.concurrency import at_once
from tests.factories import (
    SYSTEM,
    make_credit_note,
    make_customer,
    make_invoice,
    make_key,
    make_payment,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def key(transactional_db) -> str:
    return make_key()[1]


def statuses(answers) -> Counter:
    return Counter(answer.status for answer in answers)


def told(event: str) -> int:
    return Event.objects.filter(type=event).count()


def test_of_ten_full_refunds_at_once_one_goes_back(key):
    invoice = make_invoice("100.00")
    payment = make_payment("100.00", invoice=invoice)

    answers = at_once([lambda: ApiClient(key).post(f"/payments/{payment.pk}/refund")] * 10)

    assert statuses(answers) == {200: 1, 409: 9}
    assert in_account() == 0
    assert Refund.objects.count() == told("payment.refunded") == 1
    assert Invoice.objects.get().status == "Unpaid"


def test_of_ten_reversals_at_once_one_is_booked(key):
    payment = make_payment("100.00", invoice=make_invoice("100.00"))

    answers = at_once([lambda: ApiClient(key).post(f"/payments/{payment.pk}/reverse")] * 10)

    assert statuses(answers) == {200: 1, 409: 9}
    assert (in_account(), told("payment.reversed")) == (0, 1)


def test_of_ten_full_credit_notes_at_once_one_is_made(key):
    invoice = make_invoice("100.00", tax_rate=19)
    body = {"invoice_id": invoice.pk}

    answers = at_once([lambda: ApiClient(key).post("/credit-notes", body)] * 10)

    assert statuses(answers) == {201: 1, 409: 9}
    assert CreditNote.objects.count() == told("credit_note.created") == 1
    assert NumberSeries.objects.get(prefix="CN").last == 1


def test_credit_is_spent_once_however_many_want_it(key):
    customer = make_customer()
    credit = make_payment("50.00", customer=customer)
    wanting = [make_invoice("10.00", customer=customer) for _ in range(10)]

    def allocate(invoice):
        body = {"allocations": [{"invoice_id": invoice.pk, "amount": 10}]}
        return ApiClient(key).post(f"/payments/{credit.pk}/allocate", body)

    answers = at_once([lambda invoice=invoice: allocate(invoice) for invoice in wanting])

    assert statuses(answers) == {200: 5, 409: 5}
    assert Counter(i.status for i in Invoice.objects.all()) == {"Paid": 5, "Unpaid": 5}
    assert Payment.objects.get().unallocated == 0


def test_an_invoice_is_filled_once_from_several_credits(key):
    customer = make_customer()
    invoice = make_invoice("50.00", customer=customer)
    spare = [make_payment("10.00", customer=customer) for _ in range(8)]
    body = {"allocations": [{"invoice_id": invoice.pk, "amount": 10}]}

    answers = at_once(
        [lambda c=each: ApiClient(key).post(f"/payments/{c.pk}/allocate", body) for each in spare]
    )

    assert statuses(answers) == {200: 5, 409: 3}
    assert Invoice.objects.get().status == "Paid"


def test_parts_of_an_item_are_credited_at_once_and_never_more_than_it(key):
    invoice = make_invoice("100.00", tax_rate=19)
    item = {"invoice_item_id": invoice.items.get().pk, "amount": 30}
    body = {"invoice_id": invoice.pk, "items": [item]}

    answers = at_once([lambda: ApiClient(key).post("/credit-notes", body)] * 6)

    assert statuses(answers) == {201: 3, 409: 3}
    assert Invoice.objects.get().credited == Decimal("107.10")


# ── Different things with the same money ─────────────────────────────────────


def pay(invoice: Invoice, earlier: Payment) -> None:
    make_payment("60.00", invoice=invoice)


def credit(invoice: Invoice, earlier: Payment) -> None:
    make_credit_note(invoice, (0, "50.00"))


def void(invoice: Invoice, earlier: Payment) -> None:
    invoices.void_invoice(invoice, actor=SYSTEM)


def refund(invoice: Invoice, earlier: Payment) -> None:
    refunds.refund_payment(earlier, actor=SYSTEM)


def reverse(invoice: Invoice, earlier: Payment) -> None:
    payments.reverse_payment(earlier, actor=SYSTEM)


ACTS = (pay, credit, void, refund)


def done(act, invoice: Invoice, earlier: Payment) -> bool:
    try:
        act(invoice, earlier)
    except Conflict:
        return False
    return True


def outcome(pk: int, did: dict) -> tuple:
    found = Invoice.objects.get(pk=pk)
    return (
        tuple(did[act] for act in ACTS),
        (found.status, found.paid, found.credited, found.balance),
    )


def part_paid() -> tuple[Invoice, Payment]:
    invoice = make_invoice("100.00")
    return invoice, make_payment("40.00", invoice=invoice)


@functools.cache
def in_every_order() -> set:
    """What the four leave, done one after the other, each knowing what the others did."""
    found = set()
    for order in itertools.permutations(ACTS):
        invoice, earlier = part_paid()
        did = {}
        for act in order:
            did[act] = done(
                act, Invoice.objects.get(pk=invoice.pk), Payment.objects.get(pk=earlier.pk)
            )
        found.add(outcome(invoice.pk, did))
    return found


def test_what_was_read_before_another_change_decides_nothing():
    """Each acts on what it read before any of the others had begun."""
    serial = in_every_order()

    for order in itertools.permutations(ACTS):
        invoice, earlier = part_paid()
        read = {
            act: (Invoice.objects.get(pk=invoice.pk), Payment.objects.get(pk=earlier.pk))
            for act in order
        }

        did = {act: done(act, *read[act]) for act in order}

        assert outcome(invoice.pk, did) in serial


def test_paying_crediting_voiding_and_refunding_at_once_is_some_serial_order():
    serial = in_every_order()

    for _ in range(10):
        invoice, earlier = part_paid()

        results = at_once([lambda a=act, i=invoice, p=earlier: done(a, i, p) for act in ACTS])

        assert outcome(invoice.pk, dict(zip(ACTS, results, strict=True))) in serial


def test_a_payment_is_refunded_or_reversed_and_never_both():
    for _ in range(6):
        invoice, earlier = part_paid()

        results = at_once(
            [lambda a=act, i=invoice, p=earlier: done(a, i, p) for act in (refund, reverse)]
        )

        assert sorted(results) == [False, True]
        assert Invoice.objects.get(pk=invoice.pk).paid == 0
    assert in_account() == 0


def test_money_that_goes_round_in_circles_blocks_nobody():
    """Refunds, notes and allocations over the same two invoices and payments, in every direction."""
    for _ in range(4):
        customer = make_customer()
        both = [make_invoice("100.00", customer=customer) for _ in range(2)]
        across = [
            make_payment(
                "120.00",
                customer=customer,
                allocations=[{"invoice": i, "amount": Decimal(30)} for i in both],
            )
            for _ in range(2)
        ]
        parts = [{"invoice": i, "amount": Decimal(10)} for i in both]

        at_once(
            [
                lambda p=across[0]: unless_refused(refunds.refund_payment, p, amount=Decimal(90)),
                lambda p=across[1], a=parts: unless_refused(
                    payments.allocate_payment, p, allocations=a
                ),
                lambda i=both[0]: unless_refused(credit_notes.create_credit_note, i),
                lambda i=both[1]: unless_refused(payments.pay_invoice, i, amount=Decimal(40)),
                lambda i=both[1]: unless_refused(credit_notes.create_credit_note, i),
            ]
        )

    assert {invoice.balance for invoice in Invoice.objects.all()} == {0}


def unless_refused(act, record, **fields) -> None:
    with contextlib.suppress(Conflict):
        act(record, actor=SYSTEM, **fields)
