"""What customers had before quotes were revised: copying it, and reading it again."""

import datetime
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from django.db import models

from billing.models import Quote, QuoteItem, QuoteTax, QuoteVersion

Row = TypeVar("Row", bound=models.Model)

# Not of the offer itself: who changes these has changed nothing that the customer saw. The last
# day is ours to move; a quote that has expired is revived by it. The rate is said by invoices alone.
NOT_OFFERED = frozenset({"external_id", "metadata", "valid_until", "exchange_rate"})


def keep_version(quote: Quote, *, now: datetime.datetime) -> QuoteVersion:
    """Copy the quote and its parts as they are, before they change. They must be loaded."""
    return QuoteVersion.objects.create(
        quote=quote, revision=quote.revision, content=_content(quote), replaced_at=now
    )


def as_quote(version: QuoteVersion) -> Quote:
    """The quote as it was in this version, not to be saved: with its items and taxes."""
    content = version.content
    quote = _row(Quote, content["quote"])
    quote.replaced_at = version.replaced_at  # type: ignore[attr-defined]
    items = _loaded(QuoteItem, [_row(QuoteItem, each) for each in content["items"]])
    taxes = _loaded(QuoteTax, [_row(QuoteTax, each) for each in content["taxes"]])
    for item in items:
        item.quote = quote
    for tax in taxes:
        tax.quote = quote
    parts = {"items": items, "taxes": taxes}
    quote._prefetched_objects_cache = parts  # type: ignore[attr-defined]
    return quote


def _content(quote: Quote) -> dict[str, Any]:
    return {
        "quote": _columns(quote),
        "items": [_columns(item) for item in quote.items.all()],
        "taxes": [_columns(tax) for tax in quote.taxes.all()],
    }


def _columns(row: models.Model) -> dict[str, Any]:
    """Every column, whatever columns there are: none can be forgotten."""
    values = {field.attname: field.value_from_object(row) for field in row._meta.concrete_fields}
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    """As JSON keeps it without loss: decimals, days and instants are texts."""
    if value is None or isinstance(value, bool | int | str | dict | list):
        return value
    return str(value)


def _row(model: type[Row], columns: Mapping[str, Any]) -> Row:
    """The row again. A column that has come since has its default, one that has gone is left."""
    fields = {field.attname: field for field in model._meta.concrete_fields}
    return model(
        **{name: fields[name].to_python(value) for name, value in columns.items() if name in fields}
    )


def _loaded(model: type[Row], rows: Iterable[Row]) -> models.QuerySet[Row]:
    """A queryset that holds these rows already, as prefetching leaves them."""
    queryset = model._default_manager.none()
    queryset._result_cache = list(rows)
    return queryset
