"""Accounts, categories and products: added, changed, removed or archived."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import models, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from billing.amounts import require_payable
from billing.currency import open_books
from billing.exchange import Rates, require_currency
from billing.ledger import NewEntry, NewPosting, post_entry
from billing.models import Account, Category, Product, Supplier
from billing.models.ledger import Ledger
from billing.models.tax_categories import WITH_REASON, TaxCategory
from billing.serializers import (
    AccountSerializer,
    CategorySerializer,
    ProductSerializer,
    SupplierSerializer,
)
from billing.tax_treatment import TREATMENT, tax_treatment
from bizsuite.api.serializers import RecordSerializer
from bizsuite.errors import Conflict, Invalid, Stale
from bizsuite.events.recording import NewEvent, record_event, record_events
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import organisation
from bizsuite.records import Named, lock

SERIALIZERS: dict[type[models.Model], type[RecordSerializer]] = {
    Account: AccountSerializer,
    Category: CategorySerializer,
    Product: ProductSerializer,
    Supplier: SupplierSerializer,
}
FIXED: dict[type[models.Model], tuple[str, ...]] = {
    Account: ("currency", "opening_balance"),
    Category: ("type",),
}


class FixedOnceMade(Conflict):
    code = "fixed_once_made"


class NameArchived(Conflict):
    code = "archived"


@transaction.atomic
def create_account(*, actor: Actor, **fields: Any) -> Account:
    """Open an account; its opening balance is booked against equity, dated today.

    currency: the organisation's own if not given. Its own is fixed by one in another currency, as
    by the first document; the opening balance of such a one needs a stored rate of today.
    """
    opening = fields.pop("opening_balance", Decimal(0))
    profile = organisation()
    currency = fields.pop("currency", None) or profile.currency
    require_currency(currency)
    if opening or currency != profile.currency:
        profile = open_books()
    require_payable(opening, currency, field="opening_balance")
    account = Account(currency=currency, opening_balance=opening, **fields)
    _save_new([account])
    if opening:
        today = profile.today()
        post_entry(
            NewEntry(
                date=today,
                document=account,
                description=f"Opening balance of {account.name}",
                currency=currency,
                exchange_rate=Rates(profile.currency).rate(currency, today, field="currency"),
                postings=[
                    NewPosting(ledger=Ledger.CASH, amount=opening, account=account),
                    NewPosting(ledger=Ledger.OPENING_BALANCE, amount=-opening),
                ],
            )
        )
        account.refresh()
    _record("created", [account], actor)
    return account


@transaction.atomic
def create_category(*, actor: Actor, **fields: Any) -> Category:
    category = Category(**fields)
    _save_new([category])
    _record("created", [category], actor)
    return category


@transaction.atomic
def create_supplier(*, actor: Actor, **fields: Any) -> Supplier:
    supplier = Supplier(**fields)
    _save_new([supplier])
    _record("created", [supplier], actor)
    return supplier


@transaction.atomic
def create_products(new_products: Sequence[Mapping[str, Any]], *, actor: Actor) -> list[Product]:
    """Add products, each from its fields; all of them or, on an error, none."""
    products = [Product(**{**fields, **tax_treatment(fields)}) for fields in new_products]
    _save_new(products)
    _record("created", products, actor)
    return products


def create_product(*, actor: Actor, **fields: Any) -> Product:
    return create_products([fields], actor=actor)[0]


@transaction.atomic
def update_named(
    record: Named, *, actor: Actor, if_version: int | None = None, **changes: Any
) -> Named:
    """Change an account, a category or a product. What is sent as it is already changes nothing.

    What is FIXED is booked, or may be at this very moment, and stays.
    """
    lock(record)
    if if_version is not None and record.version != if_version:
        raise Stale("This record has been changed since you read it.")
    changes = {name: value for name, value in changes.items() if getattr(record, name) != value}
    if not changes:
        return record
    if isinstance(record, Product) and changes.keys() & set(TREATMENT):
        changes |= tax_treatment(_meant_for(record, changes))
    for name in FIXED.get(type(record), ()):
        if name in changes:
            kind, what = record._meta.verbose_name, name.replace("_", " ")
            raise FixedOnceMade(f"The {what} of this {kind} cannot change; add another {kind}.")
    for name, value in changes.items():
        setattr(record, name, value)
    type(record).objects.filter(pk=record.pk).change(
        **changes, search_text=record.folded_search_text()
    )
    record.refresh()
    _record("updated", [record], actor)
    return record


@transaction.atomic
def delete_named(record: Named, *, actor: Actor) -> bool:
    """Remove a record; returns False if documents refer to it and it was archived instead."""
    lock(record)
    data, pk, version = _shown(record), record.pk, record.version
    try:
        with transaction.atomic():
            record.delete()
    except ProtectedError:
        archive_named(record, actor=actor)
        return False
    record.pk, record.version = pk, version + 1
    record_event(f"{record._meta.model_name}.deleted", record, data=data, actor=actor)
    return True


@transaction.atomic
def archive_named(record: Named, *, actor: Actor) -> Named:
    """Hide a record from lists and new documents. Archiving twice changes nothing."""
    rows = type(record).objects.filter(pk=record.pk, archived_at=None)
    archived = rows.change(archived_at=timezone.now())
    record.refresh()
    if archived:
        _record("updated", [record], actor)
    return record


@transaction.atomic
def restore_named(record: Named, *, actor: Actor) -> Named:
    """Take a record out of the archive. Doing it twice changes nothing."""
    rows = type(record).objects.filter(pk=record.pk, archived_at__isnull=False)
    restored = rows.change(archived_at=None)
    record.refresh()
    if restored:
        _record("updated", [record], actor)
    return record


def require_category(category: Category, flow: str, field: str) -> None:
    """Raises Invalid where income is put into a category of expenses, or the other way round."""
    if category.type != flow:
        raise Invalid({field: f"{category.name} is a category of {category.type}"})


def require_in_use(record: Named, field: str) -> None:
    """Raises NameArchived: a new document that names an archived record is a mistake."""
    if record.archived_at is not None:
        raise NameArchived(f"{record.name} ({field} {record.pk}) is archived.")


def _meant_for(product: Product, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The treatment that a change of a part of it means.

    A new rate of what was plainly taxed, or plainly not, takes the category along.
    """
    meant = {name: changes.get(name, getattr(product, name)) for name in TREATMENT}
    if "tax_category" not in changes and product.tax_category not in WITH_REASON:
        meant["tax_category"] = None
    if "tax_category" in changes and changes["tax_category"] not in WITH_REASON:
        meant["tax_exemption_reason"] = changes.get("tax_exemption_reason", "")
    if "tax_rate" not in changes and meant["tax_category"] != TaxCategory.STANDARD:
        meant["tax_rate"] = None if "tax_category" in changes else product.tax_rate
    return meant


def _save_new(records: Sequence[Named]) -> None:
    for record in records:
        record.search_text = record.folded_search_text()
    type(records[0]).objects.bulk_create(records)


def _record(verb: str, records: Sequence[Named], actor: Actor) -> None:
    event = f"{records[0]._meta.model_name}.{verb}"
    # All at once: what they share, such as the currency, is looked up once.
    shown = SERIALIZERS[type(records[0])](records, many=True).data
    record_events(
        [NewEvent(event, record, data) for record, data in zip(records, shown, strict=True)],
        actor=actor,
    )


def _shown(record: Named) -> Mapping[str, Any]:
    return SERIALIZERS[type(record)](record).data
