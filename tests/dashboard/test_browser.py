"""The admin in a real browser: no script fails, nothing is asked of any other machine."""

import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.db import connections
from playwright.sync_api import ConsoleMessage, Error, Page, Request, sync_playwright

from crm.models import Lead
from customers.models import Customer
from tests.factories import (
    PASSWORD,
    make_canned_reply,
    make_customer,
    make_invoice,
    make_lead,
    make_ticket,
    make_user,
)
from tests.webhooks.factories import Receiver, deliver, make_delivery, make_endpoint
from webhooks.models import Delivery
from webhooks.sending import Reply

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
LOOPBACK = {"localhost", "127.0.0.1", "::1", None}  # None: data: and blob: have no host
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="NOT TESTED IN A BROWSER: there is no chromium on this machine"
)


class Watched:
    """A page, and all that went wrong on it."""

    def __init__(self, page: Page, base: str) -> None:
        self.page, self.base = page, base
        self.complaints: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", self._page_error)
        page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"console: {message.text}")

    def _page_error(self, error: Error) -> None:
        self.complaints.append(f"script: {error}")

    def _request(self, request: Request) -> None:
        if urlsplit(request.url).hostname not in LOOPBACK:
            self.complaints.append(f"left the machine: {request.url}")

    def visit(self, path: str) -> None:
        self.page.goto(self.base + path)

    def width(self) -> int:
        return self.page.evaluate("document.documentElement.scrollWidth")


@pytest.fixture
def browse(live_server, monkeypatch) -> Iterator[Watched]:
    # Playwright runs an event loop in this thread, where Django suspects async code of the ORM.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    make_user(email="ada@example.com")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield Watched(browser.new_page(viewport=DESKTOP), live_server.url)
        browser.close()
        # Within the loop the test has a connection of its own, which nobody else would close.
        connections.close_all()


def sign_in(browse: Watched) -> None:
    browse.visit("/")
    browse.page.fill("[name=username]", "ada@example.com")
    browse.page.fill("[name=password]", PASSWORD)
    browse.page.click("#login-form [type=submit]")
    browse.page.wait_for_selector("text=First steps")


def test_signing_in_and_adding_a_customer(browse):
    sign_in(browse)
    browse.page.click("nav >> text=Customers")
    browse.page.click("text=Add customer")
    browse.page.fill("[name=account]", "Jane Smith")
    browse.page.click("summary:has-text('For other systems')")
    browse.page.fill("[name=pairs-name]", "tier")
    browse.page.fill("[name=pairs-value]", "gold")
    assert browse.page.locator("[data-pairs-row]").count() == 2
    browse.page.click("button[name=_save]")
    browse.page.wait_for_selector("text=was added successfully")

    customer = Customer.objects.get()
    assert (customer.account, customer.metadata) == ("Jane Smith", {"tier": "gold"})
    assert browse.complaints == []


def test_a_new_key_is_shown_and_reloading_makes_no_other(browse):
    sign_in(browse)
    browse.visit("/admin/identity/apikey/add/")
    browse.page.fill("[name=name]", "Web shop")
    browse.page.select_option("[name=user]", label="Ada Reyes")
    browse.page.click("button[name=_save]")
    browse.page.wait_for_selector("[data-secret]")
    assert browse.page.inner_text("[data-secret]").startswith("bs_live_")

    browse.page.click("[data-copy]")
    browse.page.reload()

    assert browse.page.locator("[data-secret]").count() == 0
    assert browse.page.locator("#result_list tbody").count() == 1
    assert browse.complaints == []


def test_every_list_and_form_works_on_a_desk_and_on_a_phone(browse):
    customer = make_customer()
    make_invoice("100.00", customer=customer)
    sign_in(browse)
    links = browse.page.eval_on_selector_all(
        "#nav-sidebar-apps a", "links => links.map(link => link.getAttribute('href'))"
    )
    assert len(links) > 10
    forms = [f"/admin/customers/customer/{customer.pk}/change/", "/admin/billing/invoice/add/"]
    for size in (DESKTOP, PHONE):
        browse.page.set_viewport_size(size)
        for path in [*links, *forms]:
            browse.visit(path)
            assert browse.width() <= size["width"], f"{path} is wider than {size['width']}"
    assert browse.complaints == []


def test_the_palette_finds_a_customer(browse):
    make_customer(account="Findable Ltd")
    sign_in(browse)

    browse.page.click("#nav-sidebar-inner >> text=Search")
    browse.page.locator("#search-input-command").press_sequentially("findable")
    browse.page.click("#command-results-list >> text=Findable Ltd")
    browse.page.wait_for_selector("text=Last changed")

    assert browse.complaints == []


def test_a_lead_is_dragged_to_its_next_stage(browse):
    lead = make_lead(company="Acme Corp")
    sign_in(browse)
    browse.visit("/admin/crm/lead/board/")

    browse.page.drag_and_drop("[data-lead]", "[data-stage=Qualified]")
    browse.page.wait_for_selector("[data-stage=Qualified] [data-lead]")

    assert Lead.objects.get(pk=lead.pk).stage == "Qualified"
    assert browse.complaints == []


def test_a_lead_dropped_on_lost_is_asked_why(browse):
    lead = make_lead(company="Acme Corp")
    sign_in(browse)
    browse.visit("/admin/crm/lead/board/")

    browse.page.drag_and_drop("[data-lead]", "[data-stage=Lost]")
    browse.page.fill("[name=lost_reason]", "Too dear")
    browse.page.click("#action-form [type=submit]")
    browse.page.wait_for_selector("[data-stage=Lost] [data-lead]")

    assert Lead.objects.get(pk=lead.pk).lost_reason == "Too dear"
    assert browse.complaints == []


def test_a_ticket_is_answered_with_a_canned_text_and_a_file(browse, tmp_path, settings):
    settings.DATA_DIR = tmp_path
    (tmp_path / "offer.txt").write_text("An offer")
    make_canned_reply("Greeting", text="Hello {customer}!")
    ticket = make_ticket(customer=make_customer(account="Jane Smith"))
    sign_in(browse)
    browse.visit(f"/admin/support/ticket/{ticket.pk}/change/")

    browse.page.fill("#reply-form [name=message]", "First this.")
    browse.page.select_option(".reply-canned", label="Greeting")
    assert (
        browse.page.input_value("#reply-form [name=message]") == "First this.\n\nHello Jane Smith!"
    )
    browse.page.set_input_files("#reply-form [name=files]", tmp_path / "offer.txt")
    assert browse.page.inner_text(".reply-files-names") == "offer.txt"
    browse.page.click("text=Internal note")
    assert browse.page.is_visible("text=Staff only.")
    browse.page.click("text=Reply to the customer")
    browse.page.set_viewport_size(PHONE)
    assert browse.width() <= PHONE["width"]
    browse.page.click("button:text-is('Send')")
    browse.page.wait_for_selector(".message-staff >> text=offer.txt")

    ticket.refresh_from_db()
    assert ticket.status == "Pending"
    assert browse.complaints == []


HOSTILE = "</pre><script>window.harmed = true</script><img src=https://evil.example/x>"


@pytest.fixture
def refused(transactional_db) -> Delivery:
    """A message that a hostile receiver refused. Sent here: within Playwright's loop no other runs."""
    delivery = make_delivery(make_endpoint(url="https://shop.example.com/hook"))
    deliver(Receiver(Reply(500, "The receiver answered 500", HOSTILE.encode())))
    return delivery


def test_a_failed_message_is_found_looked_at_and_sent_again(refused, browse):
    sign_in(browse)
    browse.visit("/admin/webhooks/webhookendpoint/")
    for size in (DESKTOP, PHONE):
        browse.page.set_viewport_size(size)
        assert browse.page.is_visible("svg.sparkline[aria-label*='1 attempt, 1 failed']")
    browse.page.set_viewport_size(DESKTOP)

    browse.page.click("text=shop.example.com")
    browse.page.wait_for_selector("svg.week-chart")
    browse.page.click("dt:has-text('Pending') + dd a")
    browse.page.click("#result_list tbody a")
    browse.page.wait_for_selector("text=500 Internal Server Error")
    assert HOSTILE in browse.page.inner_text("pre.exchange-body")
    assert browse.page.evaluate("window.harmed") is None
    browse.page.set_viewport_size(PHONE)
    assert browse.width() <= PHONE["width"]
    browse.page.set_viewport_size(DESKTOP)
    browse.page.click("a:has-text('Send again')")
    browse.page.click("#action-form [type=submit]")
    browse.page.wait_for_selector("text=The message is on its way again")

    refused.refresh_from_db()
    assert (refused.status, refused.step) == ("pending", 0)
    assert browse.complaints == []
