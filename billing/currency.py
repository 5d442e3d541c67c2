"""The currency of the books: the organisation's, free to change until the first document."""

from collections.abc import Iterable

from billing.models import Account
from bizsuite.errors import Conflict
from bizsuite.events.models import Event
from bizsuite.identity.models import Organisation, organisation


def fix_currency(profile: Organisation) -> None:
    """Called with the first document: from here on the books add up in one currency."""
    if profile.currency_fixed:
        return
    unchanged = Organisation.objects.filter(pk=profile.pk, currency=profile.currency)
    if not unchanged.update(currency_fixed=True):
        raise Conflict("The organisation's currency has just changed. Try again.")
    _adopt(profile.currency)


def follow_organisation(events: Iterable[Event]) -> None:
    """Handle events: when the organisation changes its currency, its empty accounts follow."""
    if any(event.type == "organisation.updated" for event in events):
        profile = organisation()
        if not profile.currency_fixed:
            _adopt(profile.currency)


def _adopt(currency: str) -> None:
    Account.objects.exclude(currency=currency).change(currency=currency)
