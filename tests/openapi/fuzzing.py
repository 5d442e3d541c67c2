"""Schemathesis against a running installation: every operation, all its checks.

python -m tests.openapi.fuzzing [--examples 200] [--seconds 1800] [--seed 1]   # make fuzz
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.product import Product, running_product
from tests.programs import ROOT

HERE = Path(__file__).parent
ENVIRONMENT = {
    # A limit would answer for everything else.
    "BIZSUITE_RATE_LIMIT_PER_HOUR": "100000000",
    # Where the hooks send every made-up webhook.
    "BIZSUITE_WEBHOOK_ALLOWED_HOSTS": "127.0.0.1",
}


@dataclass(frozen=True)
class Fuzzed:
    """passed: whether no check failed. cases: how many requests were judged."""

    passed: bool
    cases: int
    output: str


def fuzz(product: Product, *, examples: int, seconds: int, seed: int) -> Fuzzed:
    """Try each operation with `examples` generated requests, and chains of them, `seconds` at most.

    The same seed tries the same.
    """
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")),
            "--config-file", str(HERE / "schemathesis.toml"),
            "run", f"{product.url}/api/v2/schema",
            "--header", f"Authorization: Bearer {product.key}",
            "--phases", "examples,coverage,fuzzing,stateful",
            "--max-examples", str(examples),
            "--max-time", str(seconds),
            "--seed", str(seed),
            "--no-color",
        ],
        # Where it keeps what it found: gone with the product.
        cwd=product.data_dir,
        env=os.environ
        | {"SCHEMATHESIS_HOOKS": "tests.openapi.fuzz_hooks", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )  # fmt: skip
    cases = re.search(r"(\d+) generated", done.stdout)
    return Fuzzed(done.returncode == 0, int(cases[1]) if cases else 0, done.stdout + done.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--examples", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=1800)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_product(Path(folder), workers=2, env=ENVIRONMENT) as product,
    ):
        found = fuzz(product, examples=asked.examples, seconds=asked.seconds, seed=asked.seed)
    print(found.output)
    sys.exit(0 if found.passed else 1)


if __name__ == "__main__":
    main()
