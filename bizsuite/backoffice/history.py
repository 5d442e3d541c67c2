"""What happened to a record, from its events: who, when, from where, and what changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from bizsuite.events.models import Event
from bizsuite.exact_json import decode

# They move with every change, or with other records', and say nothing of it.
UNREMARKABLE = frozenset({"updated_at", "created_at", "id", "possible_duplicates"})
SOURCES = {
    "api": _("API"),
    "admin": _("Admin"),
    "cli": _("Command line"),
    "worker": _("Scheduled work"),
    "link": _("Shared link"),
}


@dataclass(frozen=True, slots=True)
class Change:
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Entry:
    event: Event
    changes: list[Change]

    @property
    def title(self) -> str:
        """`customer.updated` as "Updated"."""
        return capfirst(self.event.type.split(".", 1)[1].replace("_", " "))

    @property
    def erased(self) -> bool:
        return self.event.erased_by is not None

    @property
    def source(self) -> str:
        return str(SOURCES.get(self.event.source, self.event.source))


def events_of(resource: str, object_id: int) -> Any:
    """A record's events, the newest first."""
    return Event.objects.filter(resource=resource, object_id=object_id).order_by("-id")


def entries(events: Sequence[Event], *, labels: Mapping[str, str]) -> list[Entry]:
    """Each event of one record with what it changed.

    events: consecutive, the newest first. labels: the names of fields, where they differ.
    """
    if not events:
        return []
    oldest = events[-1]
    earlier = events_of(oldest.resource, oldest.object_id).filter(id__lt=oldest.id).first()
    known = [_data(event) for event in events]
    known.append(_data(earlier) if earlier else {})
    return [
        Entry(event, _changes(known[index + 1], known[index], labels))
        for index, event in enumerate(events)
    ]


def changes_since(
    resource: str, object_id: int, version: int, *, labels: Mapping[str, str]
) -> Entry | None:
    """What happened after `version`, as one entry; None if that is not known."""
    latest = events_of(resource, object_id).first()
    read = events_of(resource, object_id).filter(object_version=version).first()
    if latest is None or read is None or latest == read:
        return None
    return Entry(latest, _changes(_data(read), _data(latest), labels))


def _data(event: Event) -> Mapping[str, Any] | None:
    """The record as it was then; None where that was erased."""
    data: Mapping[str, Any] = decode(event.payload.encode())
    return data if event.erased_by is None else None


def _changes(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, labels: Mapping[str, str]
) -> list[Change]:
    """None where one of the two is not known any more."""
    if before is None or after is None:
        return []
    return list(changes_between(before, after, labels))


def changes_between(
    before: Mapping[str, Any], after: Mapping[str, Any], labels: Mapping[str, str]
) -> Iterator[Change]:
    old, new = dict(_flat(before)), dict(_flat(after))
    for path in dict.fromkeys([*new, *old]):
        if old.get(path) != new.get(path):
            yield Change(_label(path, labels), old.get(path, ""), new.get(path, ""))


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every value that is there, with its dotted path; items are counted from 1."""
    if isinstance(value, Mapping):
        for name, nested in value.items():
            if name not in UNREMARKABLE:
                yield from _flat(nested, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for number, nested in enumerate(value, start=1):
            yield from _flat(nested, f"{path}.{number}")
    elif value not in (None, ""):
        yield path, _shown(value)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    return str(value)


def _label(path: str, labels: Mapping[str, str]) -> str:
    """`items.2.tax_rate` as "Items 2 · tax rate"."""
    first, *others = path.split(".")
    words = [labels.get(first, first.replace("_", " "))]
    words += [part.replace("_", " ") for part in others]
    label = words[0]
    for word in words[1:]:
        label += f" {word}" if word.isdigit() else f" · {word}"
    return capfirst(label)
