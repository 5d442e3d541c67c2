"""docs/api is complete, up to date, and true."""

import re
import time
from typing import Any

import pytest

from tests.documentation.operations import operations
from tests.documentation.pages import (
    FOLDER,
    README,
    generated_parts,
    pages,
    with_generated,
)
from tests.documentation.reference import generated
from tests.documentation.rewinding import rewindable
from tests.documentation.running import run_page
from tests.product import running_product
from webhooks.signing import new_secret, signatures

PAGES = [pytest.param(page, id=page.stem) for page in pages()]
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


def test_what_they_show_is_what_happens(tmp_path):
    """All of them in one test: they share an installation, which takes long to start."""
    wrong = []
    with running_product(tmp_path, workers=1) as product, rewindable(product) as rewind:
        for page in pages():
            rewind()
            outcomes = run_page(page.read_text(), product)
            assert outcomes, f"{page.name} shows no command"
            wrong += [f"{page.name}: {each.report}" for each in outcomes if each.report]

    assert wrong == [], f"docs/api {MAKE_DOCS}"


def test_the_receiver_on_the_page_tells_our_messages_from_others():
    (program,) = re.findall(r"```python\n(.*?)```", (FOLDER / "webhooks.md").read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(program, names)
    secret, body, now = new_secret(), b'{"type": "invoice.paid"}', int(time.time())

    def is_genuine(*, sent_at: int = now, body_received: bytes = body) -> bool:
        rotated = [secret, new_secret()]
        signed = signatures(rotated, message_id="msg_1", timestamp=sent_at, body=body)
        headers = {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(sent_at),
            "webhook-signature": signed,
        }
        return names["is_genuine"](headers, body_received, secret)

    assert is_genuine()
    assert not is_genuine(body_received=b'{"type": "invoice.void"}')
    assert not is_genuine(sent_at=now - 3600)
