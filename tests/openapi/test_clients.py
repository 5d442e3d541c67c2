"""Clients that other people's generators make of our document work: from a customer to a report."""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.openapi.node import HERE, run_node_program
from tests.product import Product


@pytest.fixture(autouse=True)
def _books_stay_right() -> None:
    """These books are another installation's."""


@pytest.fixture
def product(start_product) -> Product:
    return start_product(workers=1)


def run(*command: str | Path, **options: object) -> str:
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def assert_sold(output: str) -> None:
    year = datetime.now(UTC).year
    assert json.loads(output) == {
        "quote": "Accepted",
        "number": f"INV-{year}-001",
        "status": "Paid",
        "income": 2000,
    }


def test_one_in_python(product, document_file, tmp_path):
    generator = Path(sys.executable).with_name("openapi-python-client")
    out = tmp_path / "generated"
    said = run(generator, "generate", "--path", document_file, "--output-path", out)

    assert "WARNING" not in said, said
    assert_sold(
        run(
            sys.executable, HERE / "smoke.py", product.url, product.key,
            env=os.environ | {"PYTHONPATH": str(out)},
        )
    )  # fmt: skip


def test_one_in_typescript(product, document_file, tmp_path):
    run_node_program("openapi-ts", "-i", document_file, "-o", tmp_path / "client")
    shutil.copy(HERE / "smoke.ts", tmp_path)
    run_node_program(
        "tsc", "--strict", "--target", "es2022", "--module", "commonjs", "--skipLibCheck",
        "--outDir", tmp_path / "built", tmp_path / "smoke.ts",
    )  # fmt: skip

    done = run_node_program("node", tmp_path / "built" / "smoke.js", product.url, product.key)
    assert_sold(done.stdout)
