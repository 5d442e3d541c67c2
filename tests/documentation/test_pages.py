"""docs/api and the guides to webhooks are complete, up to date, and true."""

import functools
import re
from pathlib import Path

import pytest

from tests.documentation.operations import operations
from tests.documentation.pages import (
    README,
    generated_pages,
    generated_parts,
    pages,
    pages_with_commands,
    with_generated,
)
from tests.documentation.reference import generated
from tests.documentation.rewinding import rewindable
from tests.documentation.running import run_page
from tests.product import running_product

PAGES = [pytest.param(page, id=f"{page.parent.name}/{page.stem}") for page in generated_pages()]
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
MAKE_DOCS = "is not up to date: run `make docs`, and read what it changed"


@pytest.mark.parametrize("page", PAGES)
def test_the_generated_parts_are_up_to_date(page):
    text = page.read_text()

    assert text == with_generated(text, lambda part: generated(page.stem, part)), (
        f"{page.name} {MAKE_DOCS}"
    )


def test_every_resource_has_a_page():
    have = {page.stem for page in pages() if "reference" in generated_parts(page.read_text())}
    missing = sorted({each.page for each in operations()} - have)

    assert missing == [], (
        "Write docs/api/<name>.md for these: what the thing is, a story in curl commands, and the "
        "lines <!-- generated: reference --> and <!-- end of generated -->; then run `make docs`."
    )


def test_every_page_is_about_something_that_there_is():
    there = {each.page for each in operations()} | {"README", "batch"}

    assert {page.stem for page in pages()} <= there


def test_the_index_names_every_page_once():
    links = re.findall(r"^[-|].*\]\((\w[\w-]*\.md)\)", README.read_text(), re.MULTILINE)

    assert sorted(links) == [page.name for page in pages() if page != README]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]*)(?:#[^)]*)?\)", page.read_text()):
        assert not target or (page.parent / target).exists(), target


@functools.cache
def anchors(page: Path) -> set[str]:
    """What the headings of a page can be linked by, as GitHub and others make it."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_into_a_page_lead_to_a_heading(page):
    for target, anchor in re.findall(
        r"\]\((?!https?:)([^)#]*)#([^)]+)\)", FENCED.sub("", page.read_text())
    ):
        assert anchor in anchors(page.parent / target if target else page), f"{target}#{anchor}"


def test_what_they_show_is_what_happens(tmp_path):
    """All of them in one test: they share an installation, which takes long to start."""
    wrong = []
    with running_product(tmp_path, workers=1) as product, rewindable(product) as rewind:
        for page in pages_with_commands():
            rewind()
            outcomes = run_page(page.read_text(), product)
            assert outcomes, f"{page.name} shows no command"
            wrong += [f"{page.name}: {each.report}" for each in outcomes if each.report]

    assert wrong == [], f"docs/api {MAKE_DOCS}"
