"""What an amount in one currency is worth in another, and which rate a document has."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from billing.amounts import printed, require_payable
from billing.models import Account, ExchangeRate, Invoice, Quote, Transaction
from bizsuite.errors import Invalid
from bizsuite.identity.models import organisation
from bizsuite.money import (
    EXCHANGE_RATE_MAX,
    EXCHANGE_RATE_PLACES,
    MONEY_MAX,
    AmountTooLarge,
    is_currency,
    round_half_up,
    round_money,
    split_by_weight,
)

OWN_RATE = Decimal(1)


class Rates:
    """The stored rates to the organisation's currency, each read once."""

    def __init__(self, base_currency: str) -> None:
        self.base_currency = base_currency
        self._known: dict[tuple[str, datetime.date], Decimal | None] = {}

    def known(self, currency: str, date: datetime.date) -> Decimal | None:
        """The newest stored rate of that day or before it; None if there is none."""
        if currency == self.base_currency:
            return OWN_RATE
        key = (currency, date)
        if key not in self._known:
            newest = ExchangeRate.objects.known_on(currency, date)
            self._known[key] = newest.values_list("rate", flat=True).first()
        return self._known[key]

    def rate(
        self,
        currency: str,
        date: datetime.date,
        given: Decimal | None = None,
        *,
        field: str = "exchange_rate",
    ) -> Decimal:
        """Units of the organisation's currency for one of `currency`: as given, else as stored.

        Raises Invalid where neither is there, and for a rate of the own currency to itself.
        """
        if currency == self.base_currency and given not in (None, OWN_RATE):
            raise Invalid({field: f"Must be 1: {currency} is the organisation's own currency"})
        rate = self.known(currency, date) if given is None else given
        if rate is None:
            unknown = f"No rate of {currency} to {self.base_currency} is known for {date}"
            remedy = "store one under /api/v2/exchange-rates"
            give = "send one, or " if field == "exchange_rate" else ""
            raise Invalid({field: f"{unknown}: {give}{remedy}"})
        return rate


def rate_after(
    document: Invoice | Quote | Transaction,
    changes: Mapping[str, Any],
    currency: str,
    rates: Rates,
) -> dict[str, Decimal]:
    """The rate of a document that is changed, where that changes it; `currency` is its new one.

    As given, else that of its date where the currency is another. A stored rate of its old date
    is followed by that of the new one; a rate that was given stays.
    """
    given, date = changes.get("exchange_rate"), changes.get("date", document.date)
    if "exchange_rate" in changes or currency != document.currency:
        return {"exchange_rate": rates.rate(currency, date, given)}
    moved = date != document.date and currency != rates.base_currency
    if moved and rates.known(currency, document.date) == document.exchange_rate:
        known = rates.known(currency, date)
        return {} if known is None else {"exchange_rate": known}
    return {}


def rates_of_change(document: Invoice | Quote, changes: Mapping[str, Any]) -> dict[str, Decimal]:
    """The rate of a document in the currency that it is given, or keeps, and on its date."""
    if not changes.keys() & {"currency", "exchange_rate", "date"}:
        return {}
    currency = changes.get("currency", document.currency)
    require_currency(currency)
    return rate_after(document, changes, currency, Rates(organisation().currency))


@dataclass(frozen=True, slots=True)
class Exchanged:
    """An amount that moved an account: at which rate, by how much, and what it was worth.

    account_amount: in the account's currency. base_amount: in the organisation's.
    """

    rate: Decimal
    account_amount: Decimal
    base_amount: Decimal


def exchanged(
    amount: Decimal,
    currency: str,
    account: Account,
    *,
    date: datetime.date,
    rates: Rates,
    rate: Decimal | None = None,
    account_amount: Decimal | None = None,
    field: str = "amount_received",
    rate_field: str = "exchange_rate",
) -> Exchanged:
    """What `amount` of `currency` does to an account, which may be in another one.

    rate: the organisation's currency for one of `currency`; that of the day if None. An account
    in the organisation's own currency says by itself what the amount was worth. Raises Invalid
    where what is given does not fit together, or too little is.
    """
    if account_amount is not None:
        require_payable(account_amount, account.currency, field=field)
    if account.currency == currency:
        if account_amount not in (None, amount):
            raise Invalid({field: f"Must be the amount: the account is in {currency} too"})
        rate = rates.rate(currency, date, rate, field=rate_field)
        return Exchanged(rate, amount, converted(amount, rate, rates.base_currency))
    if account.currency == rates.base_currency:
        if account_amount is None:
            rate = rates.rate(currency, date, rate, field=rate_field)
        return _into_own_account(amount, rate, account_amount, rates.base_currency, field)
    rate = rates.rate(currency, date, rate, field=rate_field)
    base_amount = converted(amount, rate, rates.base_currency)
    if account_amount is None:
        known = rates.known(account.currency, date)
        if known is None:
            raise Invalid({field: f"Say how much of {account.currency} it was"})
        account_amount = _at_least_something(
            round_money(Fraction(base_amount) / Fraction(known), account.currency), field
        )
    return Exchanged(rate, account_amount, base_amount)


def _into_own_account(
    amount: Decimal,
    rate: Decimal | None,
    account_amount: Decimal | None,
    base_currency: str,
    field: str,
) -> Exchanged:
    """What moved is in the organisation's currency: that is what it was worth."""
    if rate is None and account_amount is not None:
        return Exchanged(
            implied_rate(account_amount, amount, field), account_amount, account_amount
        )
    assert rate is not None
    worth = _at_least_something(converted(amount, rate, base_currency), field)
    if account_amount not in (None, worth):
        raise Invalid(
            {field: f"At this rate it is {printed(worth, base_currency)}: give one of both"}
        )
    return Exchanged(rate, worth, worth)


def converted(amount: Decimal, rate: Decimal, base_currency: str) -> Decimal:
    """`amount` × `rate`, rounded to the organisation's currency. Raises AmountTooLarge."""
    worth = round_money(Fraction(amount) * Fraction(rate), base_currency)
    if worth.copy_abs() > MONEY_MAX:
        raise AmountTooLarge(
            f"{printed(worth, base_currency)} is more than the largest possible amount."
        )
    return worth


def spread(whole: Decimal, parts: Sequence[Decimal], base_currency: str) -> list[Decimal]:
    """`whole`, in the organisation's currency, shared by `parts` that are in a document's.

    By largest remainder: what a document's parts are worth adds up to what the document is.
    """
    weights = [part.copy_abs() for part in parts]
    if not any(weights):
        return [Decimal(0) for _ in parts]
    return split_by_weight(whole, weights, base_currency)


def implied_rate(worth: Decimal, amount: Decimal, field: str) -> Decimal:
    """The rate at which `amount` was `worth` so much. Raises Invalid for an impossible one."""
    rate = round_half_up(Fraction(worth) / Fraction(amount), EXCHANGE_RATE_PLACES)
    if not 0 < rate <= EXCHANGE_RATE_MAX:
        raise Invalid({field: "Is no possible exchange of the amount"})
    return rate


def require_currency(currency: str, *, field: str = "currency") -> None:
    """Raises Invalid for what is no ISO 4217 code."""
    if not is_currency(currency):
        raise Invalid({field: "Must be an ISO 4217 currency code, such as EUR"})


def _at_least_something(amount: Decimal, field: str) -> Decimal:
    if not amount:
        raise Invalid({field: "The amount is too small to be exchanged: nothing would arrive"})
    return amount
