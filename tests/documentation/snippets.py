"""The programs that docs/webhooks.md shows, run on messages as a receiver would get them.

Each language has a small program in runners/ that asks the page's function about every message.
"""

import base64
import contextlib
import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import standardwebhooks.webhooks

from tests.documentation.pages import GUIDE
from tests.openapi import node

_SNIPPET = re.compile(r"^<!-- snippet: ([\w-]+) -->\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SIGNED_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


@dataclass(frozen=True)
class Arrival:
    """A message as a receiver has it before it: headers by their names in lower case, the bytes.

    secret: the receiver's. now: what its clock says, in Unix seconds.
    """

    headers: Mapping[str, str]
    body: bytes
    secret: str
    now: int


@dataclass(frozen=True)
class Language:
    """How to run what the page shows of a language, and what Debian's package of it is called."""

    command: tuple[str, ...]
    suffix: str
    package: str


LANGUAGES = {
    "node": Language(("node", "main.mjs"), "mjs", "nodejs"),
    "php": Language(("php", "main.php"), "php", "php-cli"),
    "go": Language(("go", "run", "main.go", "snippet.go"), "go", "golang-go"),
    "shell": Language(("sh", "main.sh"), "sh", "openssl"),
}


class RuntimeMissing(Exception):
    """A language is not installed here. The message says which, and how to get it."""


def snippets() -> dict[str, str]:
    """Every marked program of the page, by the name in its mark: `node-package`, `go`."""
    return dict(_SNIPPET.findall(GUIDE.read_text()))


def verdicts(name: str, arrivals: Sequence[Arrival], folder: Path) -> list[bool]:
    """Which of the arrivals the snippet takes for genuine. folder: an empty one to work in.

    Raises RuntimeMissing.
    """
    program, language = snippets()[name], name.removesuffix("-package")
    if language == "python":
        return _in_python(program, arrivals)
    return _elsewhere(LANGUAGES[language], program, arrivals, folder)


def _in_python(program: str, arrivals: Sequence[Arrival]) -> list[bool]:
    names: dict[str, Any] = {}
    exec(program, names)

    def judge(arrival: Arrival) -> bool:
        with _clock_at(arrival.now):
            verdict: bool = names["is_genuine"](arrival.headers, arrival.body, arrival.secret)
        return verdict

    return list(map(judge, arrivals))


@contextlib.contextmanager
def _clock_at(now: int) -> Iterator[None]:
    real = standardwebhooks.webhooks.datetime

    class Stopped(real):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return real.fromtimestamp(now, tz)

    with (
        mock.patch("time.time", return_value=now),
        mock.patch.object(standardwebhooks.webhooks, "datetime", Stopped),
    ):
        yield


def _elsewhere(
    language: Language, program: str, arrivals: Sequence[Arrival], folder: Path
) -> list[bool]:
    for needed in (language.command[0], language.package.removesuffix("-cli")):
        if needed in ("node", "php", "go", "openssl") and not shutil.which(needed):
            raise RuntimeMissing(
                f"{needed} is not installed (Debian and Ubuntu: apt install {language.package})"
            )
    shutil.copytree(Path(__file__).with_name("runners"), folder, dirs_exist_ok=True)
    (folder / "node_modules").symlink_to(node.HERE / "node_modules")
    (folder / f"snippet.{language.suffix}").write_text(program)
    _write_json(arrivals, folder / "arrivals.json")
    _write_files(arrivals, folder / "arrivals")
    done = subprocess.run(language.command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    answers: list[bool] = json.loads(done.stdout)
    return answers


def _write_json(arrivals: Sequence[Arrival], file: Path) -> None:
    shown = [
        {
            "headers": dict(each.headers),
            "body": base64.b64encode(each.body).decode(),
            "secret": each.secret,
            "now": each.now,
        }
        for each in arrivals
    ]
    file.write_text(json.dumps(shown))


def _write_files(arrivals: Sequence[Arrival], folder: Path) -> None:
    """For the shell: a folder for each, a file for each part."""
    for number, each in enumerate(arrivals):
        place = folder / f"{number:03}"
        place.mkdir(parents=True)
        (place / "body").write_bytes(each.body)
        (place / "secret").write_text(each.secret)
        (place / "now").write_text(str(each.now))
        for name in _SIGNED_HEADERS:
            (place / name).write_text(each.headers.get(name, ""))
