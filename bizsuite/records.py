"""What every resource's row has in common: a version, its times, the caller's own id and notes."""

import datetime
import unicodedata
from typing import Any, Self, TypeVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bizsuite.errors import NotFound

_Row = TypeVar("_Row", bound=models.Model, covariant=True)


class RecordQuerySet(models.QuerySet[_Row]):
    """`change()` is the one way to update rows, so that version and updated_at never lag."""

    def change(self, *, if_version: int | None = None, **fields: Any) -> int:
        """Update the selected rows and raise their version; returns how many there were.

        The row count is the answer to a compare-and-set: put the expected state into the filter
        (and the version that the caller read into `if_version`) and look whether a row changed.
        """
        rows = self if if_version is None else self.filter(version=if_version)
        return super(RecordQuerySet, rows).update(
            **fields, version=F("version") + 1, updated_at=timezone.now()
        )

    def update(self, **fields: Any) -> int:
        raise TypeError("Use change(): update() would leave version and updated_at behind.")

    def updated_since(self, moment: datetime.datetime) -> Self:
        return self.filter(updated_at__gte=moment)


class Record(models.Model):
    """Base of every resource of the API. Its manager is a RecordQuerySet's, or of one below it."""

    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False, db_index=True)
    external_id = models.CharField(
        max_length=255,
        null=True,
        blank=True,
        unique=True,
        help_text="The id of this record in another system; unique, so that imports can be rerun.",
    )
    metadata = models.JSONField(default=dict, blank=True, editable=False)

    class Meta:
        abstract = True

    def refresh(self) -> None:
        """Read the row again after a `change()`."""
        self.refresh_from_db()


class NamedQuerySet(RecordQuerySet[_Row]):
    def active(self) -> Self:
        return self.filter(archived_at=None)

    def search(self, terms: str) -> Self:
        return self.filter(matching(terms, "search_text"))


class Named(Record):
    """A record that people pick by its name, and archive once documents refer to it."""

    name = models.CharField(_("name"), max_length=200)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True, editable=False)
    search_text = models.TextField(editable=False, default="")

    objects = NamedQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    def folded_search_text(self) -> str:
        return search_text(self.name, self.external_id)


def lock(record: Record, *, no_key: bool = False) -> None:
    """Read the record again and hold it until the transaction ends (SQLite: the transaction is).

    For changes that depend on what is there: between reading a record and changing it, somebody
    else may have. no_key: rows that refer to it can be written meanwhile. Raises NotFound if it
    is gone.
    """
    # Asked of _meta and not of its type: a request's user is wrapped in another one.
    model: Any = record._meta.model
    rows = model._default_manager
    try:
        record.refresh_from_db(from_queryset=rows.select_for_update(no_key=no_key))
    except model.DoesNotExist:
        raise NotFound("There is no such record.") from None


def search_text(*values: str | None) -> str:
    """Folded text to search in: SQLite's own LIKE folds ASCII only ("ärger" in "ÄRGER")."""
    return folded("\n".join(value for value in values if value))


def folded(text: str) -> str:
    """Without case, and one way of writing each letter: ä may also be a and a combining ¨."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def matching(terms: str, *columns: str) -> Q:
    """Rows that hold every word of `terms` in one of the folded `columns`, in any order."""
    query = Q()
    for term in folded(terms).split():
        found = Q()
        for column in columns:
            found |= Q(**{f"{column}__contains": term})
        query &= found
    return query
