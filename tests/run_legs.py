"""`make test`: the whole suite on SQLite, then on PostgreSQL with Redis.

    python -m tests.run_legs [--leg sqlite|postgres] [-- PYTEST ARGUMENTS]

Servers named by DATABASE_URL and REDIS_URL are used; else private ones are started. A leg that
cannot run fails the whole: nothing is skipped silently.
"""

import argparse
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from bizsuite.operations.processes import adopt_orphans, die_with_parent, kill_group
from tests.servers import ServerMissing, private_postgres, private_redis

WORKERS = str(min(os.cpu_count() or 1, 8))
STOP_SECONDS = 3
_COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed|xpassed)\b")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Result:
    """What a leg came to. `words` is the line that says so."""

    passed: bool
    words: str
    counts: Counter[str] = field(default_factory=Counter)


def run_on_sqlite(arguments: list[str]) -> Result:
    return run_pytest(arguments, {})


def run_on_postgres(arguments: list[str]) -> Result:
    with contextlib.ExitStack() as servers:
        urls = {
            "DATABASE_URL": given_url("DATABASE_URL", "postgres")
            or servers.enter_context(private_postgres()),
            "REDIS_URL": given_url("REDIS_URL", "redis") or servers.enter_context(private_redis()),
        }
        return run_pytest(arguments, urls)


LEGS: dict[str, tuple[str, Callable[[list[str]], Result]]] = {
    "sqlite": ("SQLite", run_on_sqlite),
    "postgres": ("PostgreSQL + Redis", run_on_postgres),
}


def given_url(variable: str, scheme: str) -> str | None:
    url = os.environ.get(variable)
    if url and not url.startswith(scheme):
        raise ServerMissing(f"{variable} names no {scheme} server")
    return url


def run_pytest(arguments: list[str], urls: dict[str, str]) -> Result:
    """Run the suite against the servers at `urls`, passing on what it prints."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATABASE_URL", "REDIS_URL")
        and not name.startswith("BIZSUITE_")
        # Hundreds of programs start: none should compile what another has compiled.
        and name != "PYTHONDONTWRITEBYTECODE"
    }
    colour = "yes" if sys.stdout.isatty() else "no"
    parent_id = os.getpid()
    # What tests leave in temporary folders goes with this one, also after Ctrl-C.
    with tempfile.TemporaryDirectory(prefix="bizsuite-leg-", ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-n", WORKERS, f"--color={colour}", *arguments],
            env=environment | urls | {"TMPDIR": folder},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # so that it can be ended with all that it started
            preexec_fn=lambda: die_with_parent(parent_id),
        )
        try:
            last_line = pass_output_on(process)
            status = process.wait()
        finally:
            end(process)
    counts = Counter({kind.removesuffix("s"): int(n) for n, kind in _COUNT.findall(last_line)})
    words = last_line if status == 0 else f"FAILED with exit code {status}: {last_line}"
    return Result(status == 0, words, counts)


def pass_output_on(process: subprocess.Popen[str]) -> str:
    """Print what pytest prints; returns its last line, without the decoration."""
    assert process.stdout is not None
    last_line = ""
    for line in process.stdout:
        print(line, end="", flush=True)
        last_line = _COLOUR.sub("", line).strip("= \n") or last_line
    return last_line


def end(process: subprocess.Popen[str]) -> None:
    """End pytest, its workers and what they started: as by Ctrl-C, then for good."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=STOP_SECONDS)
    kill_group(process)


def run_leg(name: str, arguments: list[str]) -> Result:
    title, run = LEGS[name]
    print(f"\n━━━ Tests on {title} ━━━", flush=True)
    try:
        return run(arguments)
    except ServerMissing as error:
        return Result(False, f"COULD NOT RUN: {error}")


def summarise(results: dict[str, Result]) -> str:
    total: Counter[str] = sum((result.counts for result in results.values()), Counter())
    failed = total["failed"] + total["error"]
    legs = [f"{LEGS[name][0]}: {result.words}" for name, result in results.items()]
    unfinished = sum(1 for result in results.values() if not result.passed and not result.counts)
    more = f", {total['skipped']} skipped" if total["skipped"] else ""
    more += f", {unfinished} leg(s) did not run" if unfinished else ""
    return "\n".join(["", *legs, f"{total['passed']} passed, {failed} failed{more}"])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--leg", choices=LEGS, help="only this one")
    parser.add_argument("arguments", nargs="*", metavar="-- PYTEST ARGUMENTS")
    options = parser.parse_args()
    adopt_orphans()
    # SIGTERM as Ctrl-C: the servers are stopped and their folders removed.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    results = {}
    try:
        for name in [options.leg] if options.leg else LEGS:
            results[name] = run_leg(name, options.arguments)
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130
    print(summarise(results))
    return 0 if all(result.passed for result in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
