"""The event types there are. Each app declares its own in `event_types.py`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class EventType:
    """One kind of event.

    name: `<resource>.<past participle>`.
    description: when it happens, one sentence for the catalogue.
    example: the payload's `data`, as the API shows the resource.
    public: whether it leaves as a webhook; the others are for the audit only.
    resource: what one must be allowed to read to see it in the feed, where that is not the plural
    of what its name begins with.
    """

    name: str
    description: str
    example: Mapping[str, Any]
    public: bool = True
    resource: str = ""

    @property
    def readable_with(self) -> str:
        """A name of the table of roles; one that is not there lets nobody read."""
        return self.resource or f"{self.subject.replace('_', '-')}s"

    @property
    def subject(self) -> str:
        """What it happens to, as it stands before the point: `invoice`."""
        return self.name.partition(".")[0]


_types: dict[str, EventType] = {}


def declare(*types: EventType) -> None:
    for event_type in types:
        if event_type.name in _types:
            raise ValueError(f"The event {event_type.name} is declared twice.")
        _types[event_type.name] = event_type


def event_types() -> list[EventType]:
    return sorted(_types.values(), key=lambda event_type: event_type.name)


def event_type(name: str) -> EventType:
    """Raises KeyError for a name that no app declares: a misspelt event would reach nobody."""
    return _types[name]


def unknown_patterns(patterns: list[str]) -> list[str]:
    """Which of a subscription's patterns (`invoice.created`, `invoice.*`, `*`) match nothing."""
    return [
        pattern for pattern in patterns if not any(matches(pattern, t) for t in _types.values())
    ]


def matches(pattern: str, candidate: EventType) -> bool:
    if not candidate.public:
        return False
    if pattern == "*" or pattern == candidate.name:
        return True
    return pattern.endswith(".*") and candidate.name.startswith(pattern[:-1])
