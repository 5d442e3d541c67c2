"""What happens at the same moment: each request in a thread with a connection of its own."""

import datetime
import itertools
import random
import threading
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from rest_framework.validators import UniqueValidator

from billing import catalogue, invoices, payments, transactions
from billing.ledger import PeriodClosed
from billing.models import Account, Invoice, JournalEntry, Payment, Transaction
from bizsuite.errors import Conflict, DomainError
from bizsuite.events.models import Event
from bizsuite.identity.models import organisation
from bizsuite.numbering.models import NumberSeries
from bizsuite.team import profile
from tests.api_client import ApiClient
from tests.billing.books import in_account
from tests.concurrency import at_once
from tests.factories import (
    SYSTEM,
    close_period,
    keep_books_in,
    make_account,
    make_customer,
    make_draft,
    make_invoice,
    make_key,
    make_payment,
    make_product,
    make_transaction,
    new_invoice,
)

# The rows that a new installation has come back for each test: a flush took them.
pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def key(transactional_db) -> str:
    return make_key()[1]


def statuses(answers) -> Counter:
    return Counter(answer.status for answer in answers)


# ── Payments ─────────────────────────────────────────────────────────────────


def test_of_twenty_payments_at_once_ten_fill_the_invoice(key):
    invoice = make_invoice("1000.00")
    path = f"/invoices/{invoice.pk}/payments"

    answers = at_once([lambda: ApiClient(key).post(path, {"amount": 100})] * 20)

    assert statuses(answers) == {201: 10, 409: 10}
    refused = [answer.body["code"] for answer in answers if answer.status == 409]
    assert set(refused) <= {"payment_exceeds_balance", "invoice_not_open"}
    shown = ApiClient(key).get(f"/invoices/{invoice.pk}").data
    assert (shown["status"], str(shown["balance"])) == ("Paid", "0.00")
    assert in_account() == 1000
    assert Payment.objects.count() == Transaction.objects.count() == 10
    assert Event.objects.filter(type="payment.received").count() == 10
    assert Event.objects.filter(type="invoice.paid").count() == 1


def test_payments_over_the_same_invoices_in_any_order_do_not_block_each_other():
    customer = make_customer()
    both = [make_invoice("100.00", customer=customer) for _ in range(2)]

    def pay(order):
        return payments.record_payment(
            customer=customer,
            amount=Decimal(20),
            allocations=[{"invoice": invoice, "amount": Decimal(10)} for invoice in order],
            actor=SYSTEM,
        )

    at_once([lambda order=order: pay(order) for order in (both, both[::-1]) * 3])

    assert {invoice.paid for invoice in Invoice.objects.all()} == {Decimal(60)}


def test_lists_of_transactions_over_the_same_invoices_do_not_block_each_other():
    both = [make_invoice("100.00") for _ in range(2)]
    line = {
        "type": "Income",
        "account": Account.objects.get(pk=1),
        "category": make_transaction().category,
        "amount": Decimal(10),
        "date": datetime.date(2024, 1, 15),
    }

    def record(order):
        return transactions.create_transactions(
            [line | {"invoice": invoice} for invoice in order], actor=SYSTEM
        )

    at_once([lambda order=order: record(order) for order in (both, both[::-1]) * 3])

    assert {invoice.paid for invoice in Invoice.objects.all()} == {Decimal(60)}


# ── States ───────────────────────────────────────────────────────────────────


def test_a_draft_that_is_issued_twice_at_once_has_one_number(key):
    draft = make_draft()

    answers = at_once([lambda: ApiClient(key).post(f"/invoices/{draft.pk}/issue")] * 4)

    assert statuses(answers) == {200: 1, 409: 3}
    assert NumberSeries.objects.get().last == 1
    assert JournalEntry.objects.count() == 1
    assert Event.objects.filter(type="invoice.issued").count() == 1


def pay(invoice: Invoice) -> None:
    make_payment("100.00", invoice=invoice)


def void(invoice: Invoice) -> None:
    invoices.void_invoice(invoice, actor=SYSTEM)


def edit(invoice: Invoice) -> None:
    invoices.update_invoice(invoice, notes="Edited", actor=SYSTEM)


def outcome(act, invoice: Invoice) -> bool:
    try:
        act(invoice)
    except Conflict:
        return False
    return True


def assert_some_serial_order(invoice: Invoice, paid: bool, voided: bool, edited: bool) -> None:
    """Payment and voiding exclude each other; the edit stands beside either."""
    found = Invoice.objects.get(pk=invoice.pk)
    assert paid != voided
    assert edited
    assert found.status == ("Paid" if paid else "Void")
    assert found.notes == "Edited"
    assert found.balance == 0
    assert found.version == 3
    assert Payment.objects.filter(customer=invoice.customer).count() == paid
    versions = Event.objects.filter(resource="invoice", object_id=invoice.pk).order_by("id")
    assert sorted(set(versions.values_list("object_version", flat=True))) == [1, 2, 3]


@pytest.mark.parametrize("order", list(itertools.permutations(["pay", "void", "edit"])))
def test_what_was_read_before_another_change_decides_nothing(order):
    """Each acts on what it read before any of the others had begun."""
    invoice = make_invoice("100.00")
    acts = {"pay": pay, "void": void, "edit": edit}
    read = {name: Invoice.objects.get(pk=invoice.pk) for name in order}

    done = {name: outcome(acts[name], read[name]) for name in order}

    assert_some_serial_order(invoice, done["pay"], done["void"], done["edit"])


def test_paying_voiding_and_editing_at_once_is_some_serial_order():
    for order in list(itertools.permutations([pay, void, edit])) * 2:
        invoice = make_invoice("100.00")

        results = at_once([lambda act=act, i=invoice: outcome(act, i) for act in order])

        done = dict(zip(order, results, strict=True))
        assert_some_serial_order(invoice, done[pay], done[void], done[edit])


def test_a_draft_is_issued_or_deleted_and_never_both(key):
    for _ in range(4):
        draft = make_draft()
        path = f"/invoices/{draft.pk}"

        issued, deleted = at_once(
            [lambda p=path: ApiClient(key).post(f"{p}/issue"),
             lambda p=path: ApiClient(key).delete(p)]
        )  # fmt: skip

        assert (issued.status, deleted.status) in [(200, 409), (404, 200)]
        assert Invoice.objects.filter(pk=draft.pk).exists() == (issued.status == 200)


def test_two_changes_of_a_draft_at_once_both_stand(key):
    draft = make_draft()
    path = f"/invoices/{draft.pk}"
    item = {"description": "New", "amount": 5, "qty": 2}

    answers = at_once(
        [
            lambda: ApiClient(key).patch(path, {"notes": "Mine"}),
            lambda: ApiClient(key).patch(path, {"items": [item]}),
            lambda: ApiClient(key).patch(path, {"metadata": {"a": "b"}}),
        ]
    )

    shown = ApiClient(key).get(path).data
    assert statuses(answers) == {200: 3}
    assert (shown["notes"], shown["metadata"]) == ("Mine", {"a": "b"})
    assert str(shown["amount"]) == "10.00"


def test_transactions_that_swap_their_accounts_do_not_block_each_other():
    one, other = (make_account(name) for name in ("One", "Other"))
    there, back = make_transaction(account=one), make_transaction(account=other)

    def swap(line: Transaction, to: Account, home: Account) -> None:
        for _ in range(8):
            transactions.update_transaction(line, account=to, actor=SYSTEM)
            transactions.update_transaction(line, account=home, actor=SYSTEM)

    at_once([lambda: swap(there, other, one), lambda: swap(back, one, other)])

    assert (in_account(one.pk), in_account(other.pk)) == (100, 100)


def test_a_record_is_used_or_deleted_and_never_half_of_each(key):
    for _ in range(3):
        product = make_product()
        body = {
            "customer_id": make_customer().pk,
            "items": [{"description": "P", "amount": 1, "qty": 1, "product_id": product.pk}],
        }

        used, deleted = at_once(
            [lambda b=body: ApiClient(key).post("/invoices", b),
             lambda p=product: ApiClient(key).delete(f"/products/{p.pk}")]
        )  # fmt: skip

        assert used.status in (201, 400, 409)
        assert deleted.status in (200, 409)
        if used.status == 201:
            shown = ApiClient(key).get(f"/products/{product.pk}")
            assert shown.status == 200


def test_an_account_is_renamed_while_it_receives_payments():
    bank = make_account()
    customer = make_customer()

    at_once(
        [lambda: make_payment("1.00", customer=customer, account=bank)] * 4
        + [lambda n=n: catalogue.update_named(bank, name=f"B{n}", actor=SYSTEM) for n in range(2)]
    )

    assert in_account(bank.pk) == 4


# ── Ids of other systems ─────────────────────────────────────────────────────


def test_an_external_id_that_is_sent_twice_at_once_is_taken_once(key):
    body = {
        "customer_id": make_customer().pk,
        "external_id": "A-1",
        "items": [{"description": "Work", "amount": 1, "qty": 1}],
    }

    answers = at_once([lambda: ApiClient(key).post("/invoices", body)] * 4)

    found = statuses(answers)
    # 409 where both had looked before either wrote, 400 where the second one looked later.
    assert (found[201], found[400] + found[409]) == (1, 3)
    assert Invoice.objects.count() == NumberSeries.objects.get().last == 1


def test_an_external_id_that_the_check_did_not_see_is_a_conflict(key, monkeypatch):
    """What a race looks like to the one who loses it."""
    body = {"name": "Hosting", "price": 1, "external_id": "A-1"}
    assert ApiClient(key).post("/products", body).status == 201
    monkeypatch.setattr(UniqueValidator, "__call__", lambda *arguments: None)

    answer = ApiClient(key).post("/products", body)

    assert (answer.status, answer.body["code"]) == (409, "conflict")
    assert Event.objects.filter(type="product.created").count() == 1


# ── Numbers ──────────────────────────────────────────────────────────────────


class RolledBack(Exception):
    pass


def test_numbers_have_no_gap_whatever_is_rolled_back_and_whichever_year_it_is():
    customer = make_customer()
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    plans = [
        [(dice.choice([2023, 2024, 2025]), dice.random() < 0.3) for _ in range(8)]
        for dice in map(random.Random, range(seed, seed + 4))
    ]

    def create(year: int, rolled_back: bool) -> str | None:
        fields = new_invoice(customer=customer, date=datetime.date(year, 12, 31))
        try:
            with transaction.atomic():
                number = invoices.create_invoice(actor=SYSTEM, **fields).number
                if rolled_back:
                    raise RolledBack
        except RolledBack:
            return None
        return number

    given = at_once([lambda p=plan: [create(*step) for step in p] for plan in plans])

    expected = Counter(year for plan in plans for year, rolled_back in plan if not rolled_back)
    found = sorted(number for numbers in given for number in numbers if number)
    assert found == sorted(
        f"INV-{year}-{number:03}"
        for year, count in expected.items()
        for number in range(1, count + 1)
    )


def test_the_first_documents_of_new_books_are_made_at_once():
    """They all want to fix the currency, and the year's series to begin."""
    customer = make_customer()

    made = at_once([lambda: make_invoice(customer=customer)] * 4)

    assert sorted(invoice.number for invoice in made) == [
        f"INV-2024-{number:03}" for number in range(1, 5)
    ]


def test_lists_of_invoices_over_the_same_years_do_not_block_each_other():
    customer = make_customer()
    years = [2023, 2024, 2025]

    def create(order):
        return invoices.create_invoices(
            [new_invoice(customer=customer, date=datetime.date(y, 1, 1)) for y in order],
            actor=SYSTEM,
        )

    at_once([lambda o=order: create(o) for order in (years, years[::-1]) * 2])

    assert {series.last for series in NumberSeries.objects.all()} == {4}


# ── The organisation, while something is being booked ────────────────────────


def overtaken_by(change: Callable[[], object], act: Callable[[], object]) -> Any:
    """`act` begins while `change` is made and not committed; returns act's result.

    It must wait for the commit: what it would read before is about to be wrong.
    """
    begun, done = threading.Event(), threading.Event()

    def make_change() -> None:
        with transaction.atomic():
            change()
            begun.set()
            assert not done.wait(0.3), "It did not wait."

    def do_act() -> object:
        assert begun.wait(10)
        try:
            return act()
        except DomainError as refusal:
            return refusal
        finally:
            done.set()

    return at_once([make_change, do_act])[1]


def test_nothing_is_booked_into_a_period_that_is_just_being_closed():
    customer, draft, invoice = make_customer(), make_draft(), make_invoice()
    line = make_transaction()
    booked = JournalEntry.objects.count()

    for month, act in enumerate(
        [
            lambda: make_invoice(customer=customer),
            lambda: invoices.issue_invoice(draft, actor=SYSTEM),
            lambda: invoices.void_invoice(invoice, actor=SYSTEM),
            lambda: make_payment(invoice=invoice),
            lambda: make_transaction(),
            lambda: transactions.delete_transaction(line, actor=SYSTEM),
            lambda: transactions.update_transaction(line, amount=Decimal(5), actor=SYSTEM),
        ],
        start=1,
    ):
        profile.update_organisation(organisation(), closed_until=None, actor=SYSTEM)
        until = datetime.date(2024, month, 28)

        refusal = overtaken_by(lambda u=until: close_period(u), act)

        assert isinstance(refusal, PeriodClosed)
    assert JournalEntry.objects.count() == booked


def test_the_first_document_is_in_the_currency_that_is_just_being_chosen():
    customer = make_customer()

    made = overtaken_by(lambda: keep_books_in("EUR"), lambda: make_invoice(customer=customer))

    assert made.currency == "EUR"
    assert Account.objects.get(pk=1).currency == "EUR"
