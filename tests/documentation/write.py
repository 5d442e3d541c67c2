"""Bring docs/api, docs/webhooks.md and docs/events.md up to date: the generated parts, and the answers below the commands.

python -m tests.documentation.write [--reference]   # make docs
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from tests.documentation.pages import (  # noqa: E402
    generated_pages,
    laid_out,
    pages_with_commands,
    read_json,
    with_answers,
    with_generated,
)
from tests.documentation.reference import generated  # noqa: E402
from tests.documentation.rewinding import rewindable  # noqa: E402
from tests.documentation.running import run_page  # noqa: E402
from tests.product import Product, running_product  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reference", action="store_true", help="the generated parts alone")
    only_reference = parser.parse_args().reference
    for page in generated_pages():
        text = page.read_text()
        page.write_text(with_generated(text, lambda part, name=page.stem: generated(name, part)))
    if not only_reference:
        _write_all_answers()


def _write_all_answers() -> None:
    faults = []
    with (
        tempfile.TemporaryDirectory() as folder,
        running_product(Path(folder), workers=1) as product,
        rewindable(product) as rewind,
    ):
        for page in pages_with_commands():
            rewind()
            faults += [f"{page.name}: {fault}" for fault in _write_answers(page, product)]
    if faults:
        sys.exit("\n".join(faults))


def _write_answers(page: Path, product: Product) -> list[str]:
    """Put the real answers where others are shown; returns what failed."""
    text = page.read_text()
    outcomes = run_page(text, product)
    answers = {
        each.step: f"{laid_out(read_json(each.answer))}\n"
        for each in outcomes
        if each.differs and not each.fault
    }
    page.write_text(with_answers(text, answers))
    return [str(each.report) for each in outcomes if each.fault]


if __name__ == "__main__":
    main()
