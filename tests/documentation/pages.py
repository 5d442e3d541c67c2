"""The pages of docs/api, and the guides with generated parts, as text: their commands, the answers shown, the parts that are generated."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.programs import ROOT

FOLDER = ROOT / "docs" / "api"
README = FOLDER / "README.md"
GUIDE = FOLDER.parent / "webhooks.md"
CATALOGUE = FOLDER.parent / "events.md"
LINE_LENGTH = 92

_FENCED = re.compile(r"^```(sh|json)(?: ([0-9]{3}))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_GENERATED = re.compile(
    r"^<!-- generated: (\w+) -->\n(.*?)^<!-- end of generated -->$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Step:
    """A block of commands that a reader pastes, and the answer shown below it, if one is.

    status: what the commands are answered with where that is no success. span: where the answer
    stands in the page.
    """

    commands: str
    status: int | None = None
    answer: str | None = None
    span: tuple[int, int] = (0, 0)


def pages() -> list[Path]:
    return [README, *sorted(set(FOLDER.glob("*.md")) - {README})]


def pages_with_commands() -> list[Path]:
    """Those whose commands are run and whose answers are shown."""
    return [*pages(), GUIDE]


def generated_pages() -> list[Path]:
    return [*pages(), GUIDE, CATALOGUE]


def steps_of(text: str) -> list[Step]:
    """The blocks with a curl command, in their order."""
    steps: list[Step] = []
    for block in _FENCED.finditer(text):
        kind, status, content = block.groups()
        if kind == "sh":
            steps.append(Step(content))
        elif steps and steps[-1].answer is None:
            said = int(status) if status else None
            steps[-1] = Step(steps[-1].commands, said, content, block.span(3))
    return [step for step in steps if re.search(r"\bcurl\b", step.commands)]


def with_answers(text: str, answers: dict[Step, str]) -> str:
    """The page with other answers below these steps."""
    for step, answer in sorted(answers.items(), key=lambda each: each[0].span, reverse=True):
        start, end = step.span
        text = text[:start] + answer + text[end:]
    return text


def with_generated(text: str, generate: Callable[[str], str]) -> str:
    """The page with its generated parts made anew: `generate(name)` makes each."""
    return _GENERATED.sub(
        lambda part: (
            f"<!-- generated: {part[1]} -->\n\n{generate(part[1])}\n\n<!-- end of generated -->"
        ),
        text,
    )


def generated_parts(text: str) -> Iterator[str]:
    return (part[1] for part in _GENERATED.finditer(text))


def read_json(text: str) -> Any:
    """As it is written: 1500.00 keeps its zeros."""
    return json.loads(text, parse_float=Decimal)


def laid_out(value: Any, indent: int = 0) -> str:
    """JSON for people: on one line what fits there."""
    flat = _on_one_line(value)
    if indent + len(flat) <= LINE_LENGTH or not isinstance(value, dict | list):
        return flat
    inner = " " * (indent + 2)
    if isinstance(value, list):
        rows = [laid_out(each, indent + 2) for each in value]
    else:
        rows = [f"{json.dumps(name)}: {laid_out(each, indent + 2)}" for name, each in value.items()]
    opening, closing = "[]" if isinstance(value, list) else "{}"
    body = ",\n".join(inner + row for row in rows)
    return f"{opening}\n{body}\n{' ' * indent}{closing}"


def _on_one_line(value: Any) -> str:
    if isinstance(value, dict):
        pairs = (f"{json.dumps(name)}: {_on_one_line(each)}" for name, each in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_on_one_line, value))}]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


# What differs from one time to the next by its nature.
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_TICKET_NUMBER = re.compile(r"TKT-\d{4}-")
_ALWAYS_NEW = {"request_id", "secret", "message_id", "duration_ms"}


def lasting(value: Any) -> Any:
    """The part of an answer that is the same on every fresh installation, at any time."""
    if isinstance(value, dict):
        return {
            name: "…" if name in _ALWAYS_NEW and each is not None else lasting(each)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [lasting(each) for each in value]
    if isinstance(value, str):
        return _TICKET_NUMBER.sub("TKT-…-", _INSTANT.sub("…", value))
    return value


def is_shown_truly(shown: str, answered: str) -> bool:
    if not shown.strip():
        return False
    return laid_out(lasting(read_json(shown))) == laid_out(lasting(read_json(answered)))
