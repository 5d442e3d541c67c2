"""The state of the webhooks as `manage.py webhooks status` shows it: for people, and for programs."""

import dataclasses
import datetime
from collections.abc import Sequence
from typing import Any

from bizsuite.exact_json import encode, instant
from bizsuite.operations.tables import aligned
from webhooks.health import Consumer, Dispatcher, EndpointHealth, Health, Relay

# So many webhooks fit on a screen together with all the rest.
SHOWN = 15
ADDRESS_LENGTH = 40
NOTHING = "–"


def as_json(health: Health) -> str:
    """Everything, with instants as the API shows them; `problems` is empty while all is well."""
    document = dataclasses.asdict(health) | {
        "well": not health.problems,
        "problems": [dataclasses.asdict(problem) for problem in health.problems],
    }
    return encode(_plain(document)).decode()


def as_text(health: Health, *, every: bool = False) -> list[str]:
    """On one screen; every: all webhooks, however many there are."""
    return [
        f"Relay       {_relay(health.relay, health.at)}",
        f"Consumers   {' · '.join(_consumer(c, health.at) for c in health.consumers)}",
        f"Dispatcher  {_dispatcher(health.dispatcher, health.at)}",
        "",
        *_webhooks(health, every=every),
        "",
        *_problems(health),
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return instant(value)
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value


def _relay(relay: Relay, now: datetime.datetime) -> str:
    numbered = f"numbered up to {relay.sequence:,}"
    if not relay.waiting:
        return f"{numbered}; no event waits"
    return f"{numbered}; {relay.waiting:,} wait, the oldest for {_age(relay.oldest_at, now)}"


def _consumer(consumer: Consumer, now: datetime.datetime) -> str:
    if not consumer.lag:
        return f"{consumer.name} has read all"
    return f"{consumer.name} {consumer.lag:,} behind ({_age(consumer.oldest_at, now)})"


def _dispatcher(dispatcher: Dispatcher, now: datetime.datetime) -> str:
    if not dispatcher.sending:
        return "nobody is sending"
    who = f"process {dispatcher.process_id} on {dispatcher.host}"
    return f"{who} has been sending for {_age(dispatcher.since, now)}"


def _webhooks(health: Health, *, every: bool) -> list[str]:
    if not health.endpoints:
        return ["There are no webhooks."]
    in_trouble = {problem.endpoint_id for problem in health.problems}
    endpoints = sorted(health.endpoints, key=lambda endpoint: endpoint.id not in in_trouble)
    shown = endpoints if every else endpoints[: max(SHOWN, len(in_trouble))]
    head = (
        "Id",
        "Address",
        "State",
        "Pending",
        "Oldest",
        "Next try",
        "Given up 24 h",
        "Success 24 h",
    )
    lines = aligned([head, *(_row(one, health.at) for one in shown)], figures=(0, 3, 4, 5, 6, 7))
    if left := len(endpoints) - len(shown):
        lines.append(f"… and {left} more, which are well: --all shows them.")
    return lines


def _row(endpoint: EndpointHealth, now: datetime.datetime) -> Sequence[str]:
    rate = endpoint.success_rate
    return (
        str(endpoint.id),
        _shortened(endpoint.address),
        f"{endpoint.state} ({endpoint.reason})" if endpoint.reason else endpoint.state,
        f"{endpoint.pending:,}",
        _age(endpoint.oldest_pending_at, now),
        _until(endpoint, now),
        f"{endpoint.failed:,}",
        NOTHING if rate is None else f"{rate.normalize():f} %",
    )


def _until(endpoint: EndpointHealth, now: datetime.datetime) -> str:
    if endpoint.next_attempt_at is None or not endpoint.sent_to:
        return NOTHING
    if endpoint.next_attempt_at <= now:
        return "now"
    return f"in {_duration(endpoint.next_attempt_at - now)}"


def _problems(health: Health) -> list[str]:
    if not health.problems:
        return ["All is well."]
    return [
        line
        for problem in health.problems
        for line in (f"TO DO  {problem.what}", f"       {problem.advice}")
    ]


def _shortened(address: str) -> str:
    return address if len(address) <= ADDRESS_LENGTH else f"{address[: ADDRESS_LENGTH - 1]}…"


def _age(since: datetime.datetime | None, now: datetime.datetime) -> str:
    return NOTHING if since is None else _duration(now - since)


def _duration(duration: datetime.timedelta) -> str:
    """In the largest unit of which there is more than one."""
    seconds = max(int(duration.total_seconds()), 0)
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
