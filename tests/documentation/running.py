"""The commands of a page, run as a reader would who has just installed the product."""

import os
import subprocess
import tempfile
from dataclasses import dataclass

from tests.documentation.pages import Step, is_shown_truly, steps_of
from tests.product import Product

# Tells the statuses apart from the answers; a page shows what a reader types.
_PREAMBLE = """\
set -euo pipefail
curl() { command curl --silent --show-error --write-out '%{stderr}%{http_code}\\n' "$@"; }
"""


@dataclass(frozen=True)
class Outcome:
    """What became of one step. answer: what it printed. fault: what is not as the page says."""

    step: Step
    answer: str
    fault: str | None = None

    @property
    def differs(self) -> bool:
        """Whether the page shows another answer."""
        return self.step.answer is not None and not is_shown_truly(self.step.answer, self.answer)

    @property
    def report(self) -> str | None:
        """What a reader of the page would complain of; None if all is as it says."""
        if self.fault is None and self.differs:
            return f"Another answer than shown to\n{self.step.commands}{self.answer}"
        return self.fault and f"{self.fault}\nto\n{self.step.commands}"


def run_page(text: str, product: Product) -> list[Outcome]:
    """Run its steps in order, up to the first that fails."""
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory() as folder:
        for step in steps_of(text):
            outcomes.append(_run(step, product, folder))
            if outcomes[-1].fault:
                break
    return outcomes


def _run(step: Step, product: Product, folder: str) -> Outcome:
    done = subprocess.run(
        ["bash", "-c", _PREAMBLE + step.commands],
        env=os.environ | {"URL": f"{product.url}/api/v2", "KEY": product.key, "NO_PROXY": "*"},
        cwd=folder,
        capture_output=True,
        text=True,
    )
    statuses = done.stderr.split()
    if done.returncode or not all(each.isdecimal() for each in statuses):
        return Outcome(step, done.stdout, f"Failed: {done.stderr}")
    for status in map(int, statuses):
        expected = status == step.status if step.status else 200 <= status < 300
        if not expected:
            return Outcome(step, done.stdout, f"Answered {status}: {done.stdout}")
    return Outcome(step, done.stdout)
