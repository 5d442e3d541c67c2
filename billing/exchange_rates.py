"""The stored rates: added, changed, removed. Documents keep the rate that they were made with."""

from typing import Any

from django.db import transaction

from billing.currency import open_books
from billing.exchange import require_currency
from billing.models import ExchangeRate
from billing.serializers import ExchangeRateSerializer
from bizsuite.errors import Invalid, Stale
from bizsuite.events.recording import record_event
from bizsuite.identity.actors import Actor
from bizsuite.records import lock


@transaction.atomic
def create_exchange_rate(*, actor: Actor, **fields: Any) -> ExchangeRate:
    """Store what a currency is worth from a day on.

    Each has currency, date and rate (the organisation's currency for one of it), and may have
    external_id, metadata. Fixes the organisation's own currency, which it is a rate to.
    """
    base_currency = open_books().currency
    rate = ExchangeRate(**fields)
    _check(rate, base_currency)
    rate.search_text = rate.folded_search_text()
    rate.save(force_insert=True)
    _record("created", rate, actor)
    return rate


@transaction.atomic
def update_exchange_rate(
    rate: ExchangeRate, /, *, actor: Actor, if_version: int | None = None, **changes: Any
) -> ExchangeRate:
    """Change a rate for documents to come. What is sent as it is already changes nothing."""
    lock(rate)
    if if_version is not None and rate.version != if_version:
        raise Stale("This rate has been changed since you read it.")
    changes = {name: value for name, value in changes.items() if getattr(rate, name) != value}
    if not changes:
        return rate
    for name, value in changes.items():
        setattr(rate, name, value)
    _check(rate, open_books().currency)
    ExchangeRate.objects.filter(pk=rate.pk).change(**changes, search_text=rate.folded_search_text())
    rate.refresh()
    _record("updated", rate, actor)
    return rate


@transaction.atomic
def delete_exchange_rate(rate: ExchangeRate, *, actor: Actor) -> None:
    """Remove a rate. Documents that were made with it keep it."""
    lock(rate)
    data, pk, version = ExchangeRateSerializer(rate).data, rate.pk, rate.version
    rate.delete()
    rate.pk, rate.version = pk, version + 1
    record_event("exchange_rate.deleted", rate, data=data, actor=actor)


def _check(rate: ExchangeRate, base_currency: str) -> None:
    require_currency(rate.currency)
    if rate.currency == base_currency:
        raise Invalid({"currency": f"{base_currency} is the organisation's own currency"})
    others = ExchangeRate.objects.filter(currency=rate.currency, date=rate.date)
    if others.exclude(pk=rate.pk).exists():
        raise Invalid({"date": f"There is a rate of {rate.currency} for this day already"})


def _record(verb: str, rate: ExchangeRate, actor: Actor) -> None:
    data = ExchangeRateSerializer(rate).data
    record_event(f"exchange_rate.{verb}", rate, data=data, actor=actor)
