"""`make bench`: the table of how fast the product is here.

python -m benchmarks [--leg sqlite|postgres] [--rounds N] [ROW …]
"""

import argparse
import json
import os
import pkgutil
import platform
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks import rows
from benchmarks.installations import TITLES, Leg, installation, leg
from bizsuite.operations.processes import die_with_parent


def main() -> int:
    known = sorted(module.name for module in pkgutil.iter_modules(rows.__path__))
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--leg", choices=TITLES, help="only on this database")
    parser.add_argument("--rounds", type=int, default=3, help="of each row; the median counts")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of: {', '.join(known)}")
    options = parser.parse_args()
    if unknown := set(options.rows) - set(known):
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    print(f"{machine()}; medians of {options.rounds} rounds\n")
    print("| row | what | on | figure | goal | rounds |")
    print("| --- | --- | --- | ---: | ---: | --- |", flush=True)
    for name in [options.leg] if options.leg else TITLES:
        with leg(name) as place:
            for row in options.rows or known:
                print(table_line(row, name, run_rounds(place, row, options.rounds)), flush=True)
    return 0


def run_rounds(place: Leg, row: str, count: int) -> list[dict[str, Any]]:
    return [run_round(place, row) for _ in range(count)]


def run_round(place: Leg, row: str) -> dict[str, Any]:
    parent_id = os.getpid()
    with installation(place) as environment:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.round", row],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: die_with_parent(parent_id),
        )
    if done.returncode:
        sys.exit(f"A round of {row} failed.")
    return json.loads(done.stdout.splitlines()[-1])


def table_line(name: str, leg_name: str, rounds: list[dict[str, Any]]) -> str:
    """The round in the middle speaks for all; every round's figure stands beside it."""
    row = rounds[0]["row"]
    values = [measured["value"] for measured in rounds]
    middle = statistics.median_low(values)
    detail = next(measured["detail"] for measured in rounds if measured["value"] == middle)
    cells = (
        name,
        row["title"] + (f" ({detail})" if detail else ""),
        TITLES[leg_name],
        f"{figure(middle)} {row['unit']}",
        row["goal"],
        ", ".join(map(figure, values)),
    )
    return f"| {' | '.join(cells)} |"


def figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def machine() -> str:
    return f"{processor()}, {os.cpu_count()} CPUs, Python {platform.python_version()}"


def processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


if __name__ == "__main__":
    sys.exit(main())
