"""The example, as it is run: what it loads, says and finds when it reads everything back."""

import functools
import os
import subprocess
import sys
from pathlib import Path

import httpx
import online_retail
import patient_api
import pytest
from django.test import Client
from patient_api import Api

from billing.models import Invoice, Payment
from billing.models import Product as ProductRecord
from bizsuite.events.models import Event
from customers.models import Customer
from tests.billing.books import findings
from tests.examples.rows import lines, row
from tests.factories import make_customer, make_invoice, make_key
from tests.product import Product
from tests.programs import ROOT

DATA = Path(
    os.environ.get("ONLINE_RETAIL_FILE", ROOT.parent / "shared/data/online-retail-2010-12.csv.gz")
)


@pytest.fixture
def run(db, monkeypatch, tmp_path, capsys):
    """Run the example on some rows against this process: `run(row(), …)`, (code, said, warned)."""
    # One connection, the test's own: other threads would not see what it has not committed.
    for module in (online_retail, patient_api):
        monkeypatch.setattr(module, "in_parallel", map)
    transport = Server()
    monkeypatch.setattr(
        online_retail, "Api", functools.partial(Api, transport=transport, sleep=lambda _: None)
    )
    key = make_key()[1]
    path = tmp_path / "sales.csv"

    def run(*rows: str) -> tuple[int, str, str]:
        path.write_text("".join(lines(*rows)))
        capsys.readouterr()
        code = online_retail.main(["http://localhost", key, str(path)])
        return code, *capsys.readouterr()

    run.transport = transport
    return run


class Server(httpx.BaseTransport):
    """This process's API. lose: the path whose next answer gets lost on the way back."""

    def __init__(self) -> None:
        self.client = Client(SERVER_NAME="localhost")
        self.lose = ""
        self.asked: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.method)
        response = self.client.generic(
            request.method,
            request.url.raw_path.decode(),
            request.read(),
            request.headers.get("Content-Type", ""),
            headers={"Authorization": request.headers["Authorization"]},
        )
        if (request.method, request.url.path) == ("POST", self.lose):
            self.lose = ""
            raise httpx.ReadError("connection reset")
        return httpx.Response(
            response.status_code, headers=dict(response.items()), content=response.content
        )


THREE_SALES = [
    row("1", customer="12346.0", quantity="2", price="10.00"),
    row("1", customer="12346.0", product="POST", description="POSTAGE", quantity="1", price="5"),
    row("2", customer="12347.0", quantity="1", price="0.25"),
    row("3", customer="12346.0", quantity="1", price="3.3333", date="2011-01-02 10:00:00"),
]


def plain(text: str) -> list[str]:
    """The lines, with single spaces between their words."""
    return [" ".join(line.split()) for line in text.splitlines()]


def numbers() -> list[tuple[str | None, str | None]]:
    return list(Invoice.objects.order_by("id").values_list("external_id", "number"))


def test_sales_become_customers_products_invoices_and_payments(run):
    code, said, warned = run(*THREE_SALES)

    assert code == 0, warned
    assert "Everything equals the file." in said
    assert list(Customer.objects.values_list("external_id", "account", "country")) == [
        ("12346", "Customer 12346", "United Kingdom"),
        ("12347", "Customer 12347", "United Kingdom"),
    ]
    assert set(ProductRecord.objects.values_list("external_id", "name")) == {
        ("85123A", "WHITE HANGING HEART"),
        ("POST", "POSTAGE"),
    }
    assert numbers() == [("1", "INV-2010-001"), ("2", "INV-2010-002"), ("3", "INV-2011-001")]
    assert [str(invoice.date) for invoice in Invoice.objects.order_by("id")] == [
        "2010-12-01",
        "2010-12-01",
        "2011-01-02",
    ]
    assert [
        (payment.external_id, f"{payment.amount:.2f}", str(payment.date))
        for payment in Payment.objects.order_by("id")
    ] == [("payment-1", "25.00", "2010-12-01"), ("payment-2", "0.13", "2010-12-01")]
    assert findings() == []


def test_items_keep_their_text_quantity_price_and_product(run):
    run(row(), row(product="C2", description="CARRIAGE", quantity="0.5", price="50.0000"))
    items = Invoice.objects.get().items.all()
    assert [
        (item.description, f"{item.quantity:f}", f"{item.amount:f}", item.product.external_id)
        for item in items
    ] == [
        ("WHITE HANGING HEART", "6.0000", "2.5500", "85123A"),
        ("CARRIAGE", "0.5000", "50.0000", "C2"),
    ]


def test_a_blank_description_is_the_products_or_its_code(run):
    code, _, warned = run(
        row("1", description=""), row("1", description=" ", product="X1"), row("2")
    )
    assert code == 0, warned
    items = Invoice.objects.get(external_id="1").items.all()
    assert [item.description for item in items] == ["WHITE HANGING HEART", "Item X1"]


def test_a_second_run_adds_nothing_and_asks_only_for_lists(run):
    run(*THREE_SALES)
    before = Event.objects.count()
    run.transport.asked.clear()

    code, said, _ = run(*THREE_SALES)

    assert code == 0
    assert set(run.transport.asked) == {"GET"}
    assert Event.objects.count() == before
    assert "invoices 0 3 0" in plain(said)


def test_a_run_that_was_cut_short_is_continued(run):
    run(*THREE_SALES[:2])
    code, _, warned = run(*THREE_SALES)
    assert code == 0, warned
    assert [external_id for external_id, _ in numbers()] == ["1", "2", "3"]


@pytest.mark.parametrize("path", ["batch/customers", "batch/products", "invoices", "payments"])
def test_what_was_saved_though_its_answer_was_lost_is_found_and_not_made_twice(run, path):
    run.transport.lose = f"/api/v2/{path}"
    code, _, warned = run(*THREE_SALES)
    assert code == 0, warned
    assert run.transport.lose == ""
    assert (Customer.objects.count(), ProductRecord.objects.count()) == (2, 2)
    assert (Invoice.objects.count(), Payment.objects.count()) == (3, 2)


def test_the_figures_that_were_read_back_are_printed(run):
    _, said, _ = run(*THREE_SALES)
    words = plain(said)
    january = words[words.index("Financial summary of January 2011:") :]
    for line in ("customers 2", "invoices 3", "items 4", "items of the largest 2", "total 28.58"):
        assert line in words
    assert "Financial summary of December 2010:" in words
    assert {"income 25.13", "outstanding invoices 0.12"} <= set(words)
    assert {"income 0.00", "outstanding invoices 3.45"} <= set(january)


def test_what_is_skipped_is_counted_and_no_failure(run):
    code, said, warned = run(row("1"), row("C2", quantity="-1"), row("3", customer=""))
    assert code == 0, warned
    assert {"credit note 1", "unknown customer 1", "unreadable row 0"} <= set(plain(said))


# ── When it does not come out even ─────────────────────────────────────────────────


def test_rows_that_cannot_be_read_are_named_and_the_rest_is_loaded(run):
    code, said, warned = run(row("1"), row("2", price="0.12345"), row("3", quantity="x"))
    assert code == 1
    assert "line 3: UnitPrice 0.12345 has more than 4 decimals" in warned
    assert "line 4: Quantity 'x' is not a number" in warned
    assert "Everything equals the file." not in said
    assert [external_id for external_id, _ in numbers()] == ["1"]


def test_one_record_that_is_refused_does_not_keep_the_others_out(run):
    code, _, warned = run(
        row("1"), row("2", customer="2", country="x" * 101), row("3", quantity="0.00001")
    )
    assert code == 1
    assert "customers 2: country: " in warned
    assert "invoices 2: customer_id: This field may not be null" in warned
    assert "invoices 3: items.0.qty: Must have no more than 4 decimals" in warned
    assert "invoice 2: missing" in warned
    assert [external_id for external_id, _ in numbers()] == ["1"]


def test_an_invoice_that_differs_from_the_file_is_named(run):
    make_invoice("1.00", customer=make_customer(external_id="17850"), external_id="1")
    code, _, warned = run(row("1", quantity="2", price="1.00"), row("2"))
    assert code == 1
    assert (
        "invoice 1: 1 items, 1.00 in all, 0.00 paid, of 2024-01-15,"
        " in the file 1 items, 2.00 in all, 2.00 paid, of 2010-12-01"
    ) in warned
    assert "invoice 2: " not in warned


def test_other_documents_in_the_books_are_no_difference(run):
    make_invoice("7.00")
    code, said, warned = run(row("1"))
    assert code == 0, warned
    assert "Not compared with the file: there are other documents in these books." in said


@pytest.mark.parametrize(
    ("key", "words"),
    [("bs_live_nonsense", "Invalid API key or unauthorized access"), ("viewer", "may not")],
)
def test_a_key_without_the_right_is_told_so(run, tmp_path, capsys, key, words):
    path = tmp_path / "sales.csv"
    path.write_text("".join(lines(row())))
    if key == "viewer":
        key = make_key(role="viewer")[1]
    assert online_retail.main(["http://localhost", key, str(path)]) == 2
    assert words in capsys.readouterr().err
    assert not Customer.objects.exists()


def test_an_address_without_http_is_refused_at_once(capsys):
    with pytest.raises(SystemExit) as stopped:
        online_retail.main(["localhost:8000", "key", "sales.csv"])
    assert stopped.value.code == 2
    assert "must begin with http:// or https://" in capsys.readouterr().err


def test_a_missing_file_is_one_plain_line(run, capsys):
    assert online_retail.main(["http://localhost", "key", "no-such.csv"]) == 2
    assert capsys.readouterr().err.strip().startswith("no-such.csv: ")


# ── The real month, on the running product ──────────────────────────────────────────


def event_counts(product: Product) -> list[str]:
    """The audit trail in numbers: "invoice.created 1400" and so on."""
    statements = (
        "from collections import Counter",
        "from bizsuite.events.models import Event",
        "types = Counter(Event.objects.values_list('type', flat=True))",
        "print(*(f'{name} {count}' for name, count in sorted(types.items())), sep='\\n')",
    )
    done = product.manage("shell", "-v", "0", "-c", "\n".join(statements))
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.skipif(
    not DATA.exists(),
    reason=f"THE REAL MONTH WAS NOT LOADED: {DATA} is not there (or set ONLINE_RETAIL_FILE)",
)
def test_a_real_month_is_loaded_to_the_cent_and_a_second_run_adds_nothing(start_product):
    product = start_product()
    made = product.manage(
        *("create_api_key", "--user", "owner@localhost"),
        *("--name", "Online retail", "--rate-limit", "100000"),
    )
    key = made.stdout.splitlines()[-1]
    command = [sys.executable, ROOT / "examples/online_retail.py", product.url, key, DATA]

    for added in (True, False):
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        printed = plain(done.stdout)
        for resource, count in {
            "customers": "885",
            "products": "2,411",
            "invoices": "1,400",
            "payments": "934",
        }.items():
            assert f"{resource} {count} 0 0" if added else f"{resource} 0 {count} 0" in printed
        assert {
            "credit note 326",
            "negative quantity 70",
            "unknown customer 229",
            "customers 885",
            "invoices 1,400",
            "items 26,160",
            "items of the largest 169",
            "total 572,713.89",
            "income 287,782.25",
            "outstanding invoices 284,931.64",
            "Everything equals the file.",
        } <= set(printed)
    assert {
        "customer.created 885",
        "product.created 2411",
        "invoice.created 1400",
        "payment.received 934",
    } <= set(event_counts(product))
    books = product.manage("check_books")
    assert (books.returncode, books.stderr) == (0, "")
