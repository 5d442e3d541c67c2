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
    """

    name: str
    description: str
    example: Mapping[str, Any]
    public: bool = True


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
