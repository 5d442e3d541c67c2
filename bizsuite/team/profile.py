"""The organisation's own details: name, address, currency, time zone."""

import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q

from bizsuite.errors import Forbidden, Invalid
from bizsuite.events.recording import record_event
from bizsuite.identity.actors import Actor
from bizsuite.identity.bank_details import compact_bic, grouped_iban, is_iban
from bizsuite.identity.models import Organisation
from bizsuite.team.logos import put_logo

FIELDS = (
    "name",
    "address",
    "street",
    "zip",
    "city",
    "state",
    "country",
    "email",
    "phone",
    "website",
    "tax_id",
    "registration_number",
    "bank_name",
    "bank_account",
    "bic",
    "payment_instructions",
    "footer",
    "currency",
    "timezone",
    "payment_terms_days",
    "closed_until",
    "fiscal_year_start_month",
    "reminders_enabled",
    "reminders_from",
    "numbers_follow_dates",
)


@transaction.atomic
def update_organisation(profile: Organisation, *, actor: Actor, **changes: Any) -> Organisation:
    """Change the profile.

    logo: the bytes of a PNG, JPEG or SVG, kept as a PNG; None removes it.
    Raises Invalid for what does not exist or cannot be right: a currency, a time zone, a country,
    an IBAN, a BIC, an image.
    """
    if not actor.may("write", "settings"):
        raise Forbidden("Only an administrator may change the organisation's settings.")
    if profile.currency_fixed and changes.get("currency", profile.currency) != profile.currency:
        raise Invalid({"currency": f"The books are kept in {profile.currency} already"})
    _require_closed_years_locked(profile, changes)
    if "logo" in changes:
        put_logo(profile, changes.pop("logo"))
    _tidy(changes)
    for name, value in changes.items():
        setattr(profile, name, value)
    try:
        profile.clean_fields()
    except ValidationError as error:
        raise Invalid({name: texts[0] for name, texts in error.message_dict.items()}) from None
    rows = Organisation.objects.filter(pk=profile.pk)
    if "currency" in changes and not profile.currency_fixed:
        # The first document may be booked at this very moment.
        rows = rows.filter(Q(currency_fixed=False) | Q(currency=changes["currency"]))
    if not rows.update(**changes, version=F("version") + 1):
        raise Invalid({"currency": "The books have just been opened in another currency"})
    profile.refresh_from_db()
    record_event("organisation.updated", profile, data=organisation_data(profile), actor=actor)
    return profile


def close_books_until(
    profile: Organisation,
    *,
    closed_until: datetime.date | None,
    closed_year_end: datetime.date | None,
    actor: Actor,
) -> None:
    """Lock the books together with a year that is closed or reopened; `profile` is held."""
    Organisation.objects.filter(pk=profile.pk).update(
        closed_until=closed_until, closed_year_end=closed_year_end, version=F("version") + 1
    )
    profile.refresh_from_db()
    record_event("organisation.updated", profile, data=organisation_data(profile), actor=actor)


def _require_closed_years_locked(profile: Organisation, changes: dict[str, Any]) -> None:
    """What was earned in a closed year is retained earnings: nothing may be added to it."""
    end = profile.closed_year_end
    if end is None or "closed_until" not in changes:
        return
    if changes["closed_until"] is None or changes["closed_until"] < end:
        raise Invalid({"closed_until": f"The year to {end} is closed: reopen it first"})


def _tidy(changes: dict[str, Any]) -> None:
    """Bank details come as banks print them, with spaces and in any case."""
    if "bic" in changes:
        changes["bic"] = compact_bic(changes["bic"])
    if is_iban(changes.get("bank_account", "")):
        changes["bank_account"] = grouped_iban(changes["bank_account"])
    if "country" in changes:
        changes["country"] = changes["country"].strip().upper()


def organisation_data(profile: Organisation) -> dict[str, Any]:
    data = {name: getattr(profile, name) for name in FIELDS}
    data["logo"] = profile.logo.sha256 if profile.logo else None
    data["closed_until"] = str(profile.closed_until) if profile.closed_until else None
    return data
