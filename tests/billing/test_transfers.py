"""Money moved between own accounts."""

import datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from billing import catalogue
from billing.models import JournalEntry, Transfer
from billing.models.ledger import Ledger
from bizsuite.events.models import Event
from bizsuite.identity.models import organisation
from tests.billing.books import booked, in_account
from tests.concurrency import at_once
from tests.factories import (
    DAY,
    SYSTEM,
    close_period,
    make_account,
    make_transaction,
    make_transfer,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def bank():
    return make_account(opening_balance="100.00")


def body(bank, **fields) -> dict:
    return {"from_account_id": 1, "to_account_id": bank.pk, "amount": 40} | fields


def test_money_leaves_the_one_account_and_is_in_the_other(api, bank):
    make_transaction("50.00")

    answer = api.post("/transfers", body(bank, date="2024-01-31", description="Takings"))

    assert answer.status == 201
    assert answer.data == api.get(f"/transfers/{answer.data['id']}").data
    assert b'"amount":40.00,"amount_received":40.00' in answer.raw
    assert (answer.data["date"], answer.data["description"]) == ("2024-01-31", "Takings")
    assert (in_account(1), in_account(bank.pk)) == (10, 140)
    event = Event.objects.get(type="transfer.created")
    assert event.object_id == answer.data["id"]


def test_it_is_neither_income_nor_an_expense(api, bank):
    before = api.get("/reports/financial").data

    api.post("/transfers", body(bank))

    assert api.get("/reports/financial").data == before
    assert booked(Ledger.INCOME) == booked(Ledger.EXPENSE) == 0
    entry = JournalEntry.objects.get(document_type="transfer")
    assert [(line.ledger, line.account_id, line.amount) for line in entry.postings.all()] == [
        ("cash", 1, -40),
        ("cash", bank.pk, 40),
    ]


def test_its_date_is_today_unless_told_otherwise(api, bank):
    assert api.post("/transfers", body(bank)).data["date"] == str(organisation().today())


def test_an_account_may_be_overdrawn(bank):
    make_transfer("1000.00", from_account=bank, to_account=make_account("Till"))

    assert in_account(bank.pk) == -900


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": "0.001"}, "amount"),
        ({"to_account_id": 1}, "to_account_id"),
        ({"to_account_id": 999}, "to_account_id"),
        ({"amount_received": 39}, "amount_received"),
        ({"currency": "USD"}, "currency"),
        ({"fee": 1}, "fee"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_written(api, bank, wrong, field):
    before = Event.objects.count()

    answer = api.post("/transfers", body(bank, **wrong))

    assert list(answer.errors) == [field]
    assert not Transfer.objects.exists()
    assert Event.objects.count() == before
    assert in_account(bank.pk) == 100


def test_the_amount_received_may_be_said_where_it_is_the_amount(api, bank):
    assert api.post("/transfers", body(bank, amount_received=40)).status == 201


@pytest.mark.parametrize("side", ["from_account_id", "to_account_id"])
def test_an_archived_account_is_refused(api, bank, side):
    gone = make_account("Old")
    catalogue.archive_named(gone, actor=SYSTEM)

    answer = api.post("/transfers", body(bank) | {side: gone.pk})

    assert (answer.status, answer.body["code"]) == (409, "archived")
    assert not Transfer.objects.exists()


def test_a_closed_period_is_refused(api, bank):
    close_period(DAY)

    answer = api.post("/transfers", body(bank, date=str(DAY)))

    assert (answer.status, answer.body["code"]) == (409, "period_closed")
    assert not Transfer.objects.exists()
    assert in_account(bank.pk) == 100


def test_an_account_with_a_transfer_is_archived_instead_of_deleted(api, bank):
    till = make_account("Till")
    make_transfer(from_account=bank, to_account=till)

    assert api.delete(f"/accounts/{till.pk}").body["message"] == "Account archived"


def test_the_list_is_filtered_by_either_account_date_and_words(api, bank):
    till = make_account("Till")
    out = make_transfer(from_account=bank, to_account=till, description="To the till")
    back = make_transfer(from_account=till, to_account=bank, date=datetime.date(2024, 3, 1))
    make_transfer()

    def found(query: str) -> list[int]:
        return [row["id"] for row in api.get(f"/transfers?{query}").data]

    assert found(f"account_id={bank.pk}") == [out.pk, back.pk]
    assert found(f"account_id={bank.pk}&date_from=2024-02-01") == [back.pk]
    assert found("search=till") == [out.pk]


def test_it_is_not_changed_or_removed(api, bank):
    path = f"/transfers/{make_transfer(to_account=bank).pk}"

    assert [api.patch(path, {}).status, api.delete(path).status] == [405, 405]


def test_the_database_refuses_a_transfer_to_the_same_account(bank):
    transfer = make_transfer(to_account=bank)

    with pytest.raises(IntegrityError), transaction.atomic():
        Transfer.objects.filter(pk=transfer.pk).change(to_account=transfer.from_account)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_transfers_both_ways_at_once_do_not_block_each_other_and_add_up():
    bank, till = make_account(), make_account("Till")
    there = {"from_account": bank, "to_account": till}
    back = {"from_account": till, "to_account": bank}

    at_once([lambda way=way: make_transfer("10.00", **way) for way in (there, back, there) * 3])

    assert (in_account(bank.pk), in_account(till.pk)) == (Decimal(-30), Decimal(30))
    assert Transfer.objects.count() == 9
