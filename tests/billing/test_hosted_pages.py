"""The pages under a shared link: what customers see, and what nobody else ever does."""

import datetime
import logging
import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing import invoices, shared_links
from billing.hosted.sealing import HEADERS, MISSES_PER_ADDRESS
from billing.link_addresses import url_of
from billing.models import SharedLink
from bizsuite.api.secret_paths import SecretPathFilter
from bizsuite.identity.models import Organisation, organisation
from tests.factories import (
    SYSTEM,
    make_credit_note,
    make_customer,
    make_draft,
    make_invoice,
    make_link,
    make_payment,
    new_item,
)

pytestmark = pytest.mark.django_db

TODAY = datetime.date.today()
NEXT_WEEK = TODAY + datetime.timedelta(days=7)


def path_of(link: SharedLink) -> str:
    return "/d/" + url_of(link).rsplit("/", 1)[1]


def text_of(response) -> str:
    return " ".join(response.content.decode().split())


def make_due(amount: str = "100.00", **fields):
    return make_invoice(amount, **({"date": TODAY, "due_date": NEXT_WEEK} | fields))


class TestInvoices:
    def test_it_shows_what_is_due_to_whom_and_how_to_pay(self, client):
        Organisation.objects.filter(pk=organisation().pk).update(
            name="Northwind",
            bank_account="DE89 3704 0044 0532 0130 00",
            bic="COBADEFFXXX",
            payment_instructions="Cards by phone.",
        )
        items = [new_item("50.00", 2, 19, description="Design & <b>print</b>")]
        invoice = make_due(items=items, customer=make_customer(account="Meier & Söhne"))

        shown = text_of(client.get(path_of(make_link(invoice))))

        for text in (
            invoice.number,
            "Amount due",
            "$119.00",
            "Tax 19 % on $100.00",
            "Northwind",
            "Meier &amp; Söhne",
            "Design &amp; &lt;b&gt;print&lt;/b&gt;",
            "DE89 3704 0044 0532 0130 00",
            "COBADEFFXXX",
            "Cards by phone.",
            "Download PDF",
        ):
            assert text in shown
        assert "<script" not in shown
        assert "style=" not in shown

    def test_nothing_internal_is_on_it(self, client):
        customer = make_customer(
            account="Jane Smith", notes="Pays late, be firm", external_id="crm-customer-9"
        )
        invoice = make_due(customer=customer, external_id="erp-77", metadata={"margin": "40 %"})
        other = make_due("777.00", customer=make_customer(account="Somebody Else"))

        shown = text_of(client.get(path_of(make_link(invoice))))

        for secret in ("be firm", "crm-customer-9", "erp-77", "margin", "Somebody Else", "777"):
            assert secret not in shown
        assert other.number not in shown

    def test_one_paid_in_part_says_what_is_left(self, client):
        invoice = make_due("100.00")
        make_payment("30.00", invoice=invoice, date=TODAY)
        make_credit_note(invoice, (0, "20.00"), date=TODAY)

        shown = text_of(client.get(path_of(make_link(invoice))))

        assert "Partially paid" in shown
        assert "−$30.00" in shown
        assert "−$20.00" in shown
        assert '<p class="lead-amount">$50.00</p>' in shown

    def test_a_paid_one_asks_for_nothing(self, client):
        Organisation.objects.filter(pk=organisation().pk).update(bank_account="12345678")
        invoice = make_due("100.00")
        make_payment("100.00", invoice=invoice)

        shown = text_of(client.get(path_of(make_link(invoice))))

        assert "Nothing is left to pay" in shown
        assert "How to pay" not in shown

    def test_a_void_one_says_so(self, client):
        invoice = make_due()
        link = make_link(invoice)
        invoices.void_invoice(invoice, actor=SYSTEM)

        shown = text_of(client.get(path_of(link)))

        assert "This invoice has been cancelled" in shown
        assert "How to pay" not in shown

    def test_a_late_one_says_so(self, client):
        invoice = make_invoice("10.00", date=TODAY - datetime.timedelta(days=60))

        shown = text_of(client.get(path_of(make_link(invoice))))

        assert "Overdue" in shown
        assert "Was due on" in shown

    def test_the_paper_is_saved_and_not_run(self, client):
        invoice = make_due()

        response = client.get(path_of(make_link(invoice)) + "/pdf")

        assert response.status_code == 200
        assert response.content.startswith(b"%PDF")
        assert response["Content-Type"] == "application/pdf"
        assert f'attachment; filename="{invoice.number}.pdf"' == response["Content-Disposition"]
        assert {name: response[name] for name in HEADERS} == HEADERS

    def test_openings_are_counted_and_say_nothing_else(self, client):
        link = make_link()
        path = path_of(link)

        client.get(path)
        client.get(path)
        client.head(path)
        client.get(path + "/pdf")

        link.refresh_from_db()
        assert link.opened_count == 2
        assert link.last_opened_at is not None

    def test_a_longer_invoice_asks_no_more_of_the_database(self, client):
        def queries(count: int) -> int:
            path = path_of(make_link(make_due(items=[new_item() for _ in range(count)])))
            client.get(path)
            with CaptureQueriesContext(connection) as captured:
                assert client.get(path).status_code == 200
            return len(captured)

        assert queries(2) == queries(40)


class TestStatements:
    def test_it_leads_to_open_invoices_and_adds_up(self, client):
        customer = make_customer()
        owed, paid = make_due("100.00", customer=customer), make_due("40.00", customer=customer)
        make_payment("40.00", invoice=paid, date=TODAY)
        path = path_of(make_link(customer))

        shown = text_of(client.get(path))

        assert '<p class="lead-amount">$100.00</p>' in shown
        assert f'href="{path}/invoices/{owed.number}"' in shown
        assert f'href="{path}/invoices/{paid.number}"' not in shown
        assert "Payment, thank you" in shown
        page = client.get(f"{path}/invoices/{owed.number}")
        assert (page.status_code, owed.number in text_of(page)) == (200, True)
        assert client.get(f"{path}/invoice-pdf/{owed.number}").content.startswith(b"%PDF")

    def test_nothing_is_left_to_pay_for_who_owes_nothing(self, client):
        shown = text_of(client.get(path_of(make_link(make_customer()))))

        assert '<p class="lead-amount">$0.00</p>' in shown
        assert "Nothing is left to pay" in shown

    def test_what_is_in_two_currencies_is_not_added_up(self, client):
        customer = make_customer()
        make_due("100.00", customer=customer)
        make_due("50.00", customer=customer, currency="EUR", exchange_rate=Decimal("1.10"))

        shown = text_of(client.get(path_of(make_link(customer))))

        assert '<p class="lead-amount">€50.00 + $100.00</p>' in shown
        assert "Your account · USD" in shown
        assert "Your account · EUR" in shown

    def test_each_currency_has_a_paper_of_its_own(self, client):
        """One alone would say that nothing is owed in the others."""
        customer = make_customer()
        make_due("100.00", customer=customer)
        make_due("50.00", customer=customer, currency="EUR", exchange_rate=Decimal("1.10"))
        path = path_of(make_link(customer)) + "/pdf"

        shown = client.get(path.removesuffix("/pdf")).content.decode()
        papers = re.findall(rf'href="({path}[^"]*)"', shown)

        assert papers == [f"{path}?currency=USD", f"{path}?currency=EUR"]
        for paper, currency in zip(papers, ("USD", "EUR"), strict=True):
            answer = client.get(paper)
            name = f"Statement-{currency}-{organisation().today()}.pdf"
            assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
        for unknown in ("GBP", "", "../x", "eur"):
            assert client.get(path, {"currency": unknown}).status_code == 404

    def test_more_lines_ask_no_more_of_the_database(self, client):
        customer = make_customer()
        path = path_of(make_link(customer))

        def queries(count: int) -> int:
            for _ in range(count):
                make_due("10.00", customer=customer)
            with CaptureQueriesContext(connection) as captured:
                assert client.get(path).status_code == 200
            return len(captured)

        queries(1)
        assert queries(2) == queries(9)


class TestReach:
    def test_no_address_of_one_customer_shows_anything_of_another(self, client):
        """Every address below A's links, asked for B's documents."""
        a, b = make_customer(account="Aaron"), make_customer(account="Berta")
        own, others = make_due(customer=a), make_due("666.00", customer=b)
        draft = make_draft("5.00", customer=a)
        paths = [path_of(make_link(document)) for document in (a, own)]

        for path in paths:
            for below in ("invoices", "invoice-pdf"):
                for number in (others.number, others.pk, draft.pk, "", "../" + others.number):
                    response = client.get(f"{path}/{below}/{number}")
                    assert response.status_code == 404, (path, below, number)
                    assert b"666" not in response.content
        # Nor does an invoice's link show the customer's other invoices.
        assert client.get(f"{paths[1]}/invoices/{own.number}").status_code == 404
        assert client.post(f"{paths[0]}/answer").status_code == 404
        assert client.post(f"{paths[1]}/answer").status_code == 404

    def test_unknown_expired_and_revoked_links_answer_the_same(self, client):
        expired, revoked = make_link(), make_link()
        SharedLink.objects.filter(pk=expired.pk).change(expires_at=timezone.now())
        shared_links.revoke_link(revoked, actor=SYSTEM, now=timezone.now())
        paths = [
            path_of(expired),
            path_of(expired) + "/pdf",
            path_of(revoked),
            "/d/" + "0" * 32,
            "/d/0",
            "/d/not-a-link/at/all",
        ]

        answers = [client.get(path) for path in paths]

        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.content for answer in answers}) == 1
        assert (
            len({frozenset(answer.headers.items() - _changing(answer)) for answer in answers}) == 1
        )

    def test_an_archived_customer_still_sees_what_they_owe(self, client):
        link = make_link(make_due())
        link.customer.archived_at = timezone.now()
        link.customer.save()

        assert client.get(path_of(link)).status_code == 200

    @pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
    def test_a_page_is_only_read(self, client, method):
        response = getattr(client, method)(path_of(make_link()))

        assert response.status_code == 405
        assert {name: response[name] for name in HEADERS} == HEADERS


def _changing(response) -> set:
    return {("X-Request-ID", response["X-Request-ID"])}


class TestHeaders:
    def test_they_are_exact_and_no_cookie_is_set(self):
        client = Client(enforce_csrf_checks=True)
        link = make_link()

        for path in (path_of(link), "/d/nothing"):
            response = client.get(path)
            assert response["Content-Security-Policy"] == (
                "default-src 'none'; style-src 'self'; img-src data:; form-action 'self';"
                " base-uri 'none'; frame-ancestors 'none'"
            )
            assert response["Referrer-Policy"] == "no-referrer"
            assert response["Cache-Control"] == "private, no-store"
            assert response["X-Robots-Tag"] == "noindex, nofollow, noarchive"
            assert response["X-Content-Type-Options"] == "nosniff"
            assert response["X-Frame-Options"] == "DENY"
            assert not response.cookies
            assert "Cookie" not in response.get("Vary", "")

    def test_a_page_names_no_other_machine(self, client):
        shown = text_of(client.get(path_of(make_link())))

        assert "http://" not in shown
        assert "https://" not in shown
        assert "//" not in shown.replace("<!doctype", "")

    def test_the_sandbox_says_what_it_is(self, client, settings):
        settings.ENVIRONMENT = "sandbox"

        assert "Sandbox: nothing here is real" in text_of(client.get(path_of(make_link())))


class TestGuessing:
    def test_who_guesses_is_braked_and_right_links_cost_nothing(self, client):
        link = make_link()
        for _ in range(3):
            assert client.get(path_of(link)).status_code == 200
        for guess in range(MISSES_PER_ADDRESS):
            assert client.get(f"/d/{guess}").status_code == 404

        braked = client.get("/d/0")

        assert braked.status_code == 429
        assert 0 < int(braked["Retry-After"]) <= 900
        # For a right one too, else the brake would say which are right.
        assert client.get(path_of(link)).status_code == 429
        # Elsewhere nobody notices.
        assert Client(REMOTE_ADDR="127.0.0.2").get(path_of(link)).status_code == 200


class TestLogs:
    def test_a_line_about_a_page_does_not_say_which(self):
        token = path_of(make_link()).removeprefix("/d/")
        record = logging.LogRecord(
            "django.request", logging.ERROR, "", 0, "Server Error: %s", (f"/d/{token}/pdf",), None
        )

        assert SecretPathFilter().filter(record)

        assert record.getMessage() == "Server Error: /d/…/pdf"

    def test_every_line_passes_it(self, settings):
        assert "secret_paths" in settings.LOGGING["handlers"]["console"]["filters"]
