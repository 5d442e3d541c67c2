"""The customer's pages in a real browser that runs no script."""

import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.db import connections
from playwright.sync_api import Page, sync_playwright

from billing import quotes
from billing.models import Quote
from tests.billing.test_hosted_pages import make_due, path_of
from tests.dashboard.test_browser import CHROMIUM, FLAGS, PHONE, Watched
from tests.factories import SYSTEM, make_customer, make_link, make_quote, new_item

pytestmark = pytest.mark.skipif(
    shutil.which("chromium") is None and CHROMIUM is None,
    reason="NOT TESTED IN A BROWSER: there is no chromium on this machine",
)
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenhalterung " * 3


@pytest.fixture
def phone(live_server, monkeypatch) -> Iterator[Watched]:
    # Playwright runs an event loop in this thread, where Django suspects async code of the ORM.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context(viewport=PHONE, java_script_enabled=False)
        yield Watched(context.new_page(), live_server.url)
        browser.close()
        connections.close_all()


def widest(page: Page) -> int:
    """How far anything reaches to the right; `width()` would need a script."""
    shown = page.query_selector_all("body *:not(thead, thead *)")
    boxes = [element.bounding_box() for element in shown]
    return max(round(box["x"] + box["width"]) for box in boxes if box)


def test_a_quote_is_read_and_accepted_on_a_phone_without_a_script(phone):
    quote = quotes.send_quote(
        make_quote(items=[new_item("1999.99", 3, 19, description=LONG)]), actor=SYSTEM
    )
    asked: list[str] = []
    phone.page.on("request", lambda request: asked.append(request.headers.get("referer", "")))

    phone.visit(path_of(make_link(quote)))
    assert widest(phone.page) <= PHONE["width"]
    phone.page.fill("[name=name]", "Ann Meier")
    phone.page.click("button[value=accept]")
    phone.page.wait_for_selector("text=Accepted by Ann Meier")

    quote = Quote.objects.get()
    assert (quote.status, quote.answered_by) == ("Accepted", "Ann Meier")
    assert phone.page.query_selector("form") is None
    assert phone.page.context.cookies() == []
    assert set(asked) == {""}
    assert phone.complaints == []


def test_declining_opens_without_a_script_too(phone):
    quotes.send_quote(make_quote(), actor=SYSTEM)

    phone.visit(path_of(make_link(Quote.objects.get())))
    phone.page.fill("[name=name]", "Ann Meier")
    phone.page.click("summary")
    phone.page.fill("[name=reason]", "Too dear")
    phone.page.click("button[value=decline]")
    phone.page.wait_for_selector("text=Declined by Ann Meier")

    assert Quote.objects.get().decline_reason == "Too dear"


def test_a_statement_leads_to_an_invoice_and_back(phone):
    customer = make_customer(account=LONG[:200])
    invoice = make_due("123456789.00", customer=customer)

    phone.visit(path_of(make_link(customer)))
    assert widest(phone.page) <= PHONE["width"]
    phone.page.click(f"text={invoice.number} >> nth=0")
    phone.page.wait_for_selector("text=Back to the statement")
    assert urlsplit(phone.page.url).path.endswith(invoice.number)
    assert widest(phone.page) <= PHONE["width"]
    phone.page.click("text=Back to the statement")
    phone.page.wait_for_selector("text=Open invoices")

    assert phone.complaints == []
