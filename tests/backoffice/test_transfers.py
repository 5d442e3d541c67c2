"""Transfers in the admin."""

from decimal import Decimal

from billing.catalogue import archive_named
from billing.models import Transfer
from tests.backoffice.staff import text_of
from tests.factories import SYSTEM, make_account, make_transfer

LIST = "/admin/billing/transfer/"


def test_money_is_moved_and_then_only_shown(administrator):
    bank = make_account()

    administrator.send(f"{LIST}add/", {"from_account": 1, "to_account": bank.pk, "amount": "25.50"})

    transfer = Transfer.objects.get()
    bank.refresh_from_db()
    assert bank.balance == Decimal("25.50")
    page = text_of(administrator.get(f"{LIST}{transfer.pk}/change/"))
    assert "25.50" in page
    assert 'name="amount"' not in page
    assert administrator.get(f"{LIST}{transfer.pk}/delete/").status_code == 403


def test_the_same_account_twice_is_said_at_the_field_and_nothing_is_moved(administrator):
    answer = administrator.send(f"{LIST}add/", {"from_account": 1, "to_account": 1, "amount": "1"})

    assert "Must be another account than the one it comes from" in text_of(answer)
    assert not Transfer.objects.exists()


def test_archived_accounts_are_not_offered_and_the_list_shows_both_names(administrator):
    make_transfer(to_account=make_account("Savings"))
    archive_named(make_account("Forgotten"), actor=SYSTEM)

    assert "Forgotten" not in text_of(administrator.get(f"{LIST}add/"))
    listed = text_of(administrator.get(LIST))
    assert "Savings" in listed
    assert "Cash" in listed
