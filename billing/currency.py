"""The books' currency and their closed period: both are the organisation's, and hold still."""

from collections.abc import Iterable

from django.db import connection

from billing.models import Account
from bizsuite.events.models import Event
from bizsuite.identity.models import Organisation, organisation


def open_books(*accounts: Account) -> Organisation:
    """The organisation, held as it is until the transaction ends; call before anything is booked.

    Else a document could be booked in a currency that is changed, or into a period that is
    closed, while it is being made. The first document fixes the currency. On SQLite the
    transaction itself is the hold.
    accounts: what is booked on; where the currency is fixed just now, they are read again.
    """
    profile = organisation()
    if not profile.currency_fixed:
        profile = _fix_currency()
        for account in accounts:
            account.refresh_from_db(fields=["currency"])
        return profile
    if connection.vendor != "postgresql":
        return profile
    # Shared, so that bookings do not wait for each other; Django only knows the exclusive locks.
    held = Organisation.objects.raw("SELECT * FROM identity_organisation WHERE id = 1 FOR SHARE")
    return held[0]


def follow_organisation(events: Iterable[Event]) -> None:
    """Handle events: when the organisation changes its currency, its empty accounts follow."""
    if any(event.type == "organisation.updated" for event in events):
        profile = Organisation.objects.select_for_update().get(pk=1)
        if not profile.currency_fixed:
            _adopt(profile.currency)


def _fix_currency() -> Organisation:
    """From here on the books add up in one currency."""
    Organisation.objects.filter(pk=1).update(currency_fixed=True)
    profile = Organisation.objects.get(pk=1)
    _adopt(profile.currency)
    return profile


def _adopt(currency: str) -> None:
    Account.objects.exclude(currency=currency).change(currency=currency)
