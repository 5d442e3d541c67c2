"""Random invoices with discounts, categories and tax in their prices: list, detail, paper, report,
books and an independent oracle agree.

Some hundred with every run; RANDOM_INVOICES=10000 makes that many, in some minutes.
"""

import datetime
import math
import os
import random
from decimal import Decimal

import pytest

from billing.invoices import create_invoices
from billing.models import Invoice
from billing.models.ledger import Basis, Ledger
from billing.pdf.contents import content_words
from tests.billing.books import booked, findings
from tests.billing.pricing_oracle import OracleDocument
from tests.billing.random_documents import new_document, random_document, scaled
from tests.billing.test_pdf import text_of
from tests.factories import SYSTEM, make_customer

pytestmark = pytest.mark.django_db

COUNT, ON_PAPER = int(os.environ.get("RANDOM_INVOICES", "300")), 5
AT_ONCE = 1000
DAY = datetime.date(2024, 1, 15)
REASONS = {
    "exempt": "Article 132",
    "reverse_charge": "Reverse charge: VAT to be paid by the recipient",
    "outside_scope": "Outside the scope of VAT",
}


def cents(number: int) -> Decimal:
    return Decimal(number).scaleb(-2)


def dollars(number: int) -> str:
    return f"{'−' if number < 0 else ''}${abs(cents(number)):,}"


@pytest.fixture
def many() -> dict[int, OracleDocument]:
    """By id: what the oracle knows of each invoice."""
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    dice = random.Random(seed)
    oracles = [random_document(dice) for _ in range(COUNT)]
    customer = make_customer()
    known = {}
    for start in range(0, COUNT, AT_ONCE):
        batch = oracles[start : start + AT_ONCE]
        new = [{"customer": customer, "date": DAY} | new_document(each) for each in batch]
        made = create_invoices(new, actor=SYSTEM)
        known |= {invoice.pk: oracle for invoice, oracle in zip(made, batch, strict=True)}
    return known


def assert_shown(row: dict, oracle: OracleDocument) -> None:
    figures = (oracle.discount, oracle.subtotal, oracle.tax, oracle.amount, oracle.amount)
    names = ("discount", "subtotal", "tax", "amount", "balance")
    assert [row[name] for name in names] == [cents(figure) for figure in figures], oracle
    assert [item["total"] for item in row["items"]] == [cents(n) for n in oracle.totals]
    assert [item["net"] for item in row["items"]] == [cents(n) for n in oracle.nets]
    assert {
        (each["category"], each["rate"]): (each["net"] + each["discount"], each["net"], each["tax"])
        for each in row["taxes"]
    } == {
        (category, scaled(rate)): tuple(map(cents, figures))
        for (category, rate), figures in oracle.taxes.items()
    }
    assert [each["exemption_reason"] for each in row["taxes"]] == [
        REASONS.get(each["category"]) for each in row["taxes"]
    ]
    assert row["status"] == ("Unpaid" if oracle.amount else "Paid")


def assert_printed(invoice: Invoice, oracle: OracleDocument) -> None:
    """The figures of paper, in their order."""
    words = content_words(invoice)
    assert [row["cells"][-1] for row in words["rows"]] == [dollars(n) for n in oracle.totals]
    taken_off = [amount for _, amount in words["sums"] if amount.startswith("−")]
    assert taken_off == ([dollars(-oracle.discount)] if oracle.discount else [])
    assert ["Net", dollars(oracle.subtotal)] in words["sums"]
    plain = list(oracle.taxes) == [("zero", 0)]
    taxes = [dollars(tax) for _, _, tax in oracle.taxes.values()]
    if words.get("tax_table"):
        assert [row[-1] for row in words["tax_table"]["rows"]] == taxes
    elif not plain:
        assert [amount for _, amount in words["sums"]][-len(taxes) :] == taxes
    assert words["total"] == ["Total", dollars(oracle.amount)]
    assert ("Prices include tax." in words["remarks"]) is oracle.inclusive


def test_list_detail_paper_report_books_and_oracle_agree(client_with, many):
    api = client_with(rate_limit=2 * COUNT)
    listed = {
        row["id"]: row
        for page in range(1, math.ceil(COUNT / 100) + 1)
        for row in api.get(f"/invoices?limit=100&page={page}").data
    }
    assert listed.keys() == many.keys()
    for pk, oracle in many.items():
        assert_shown(listed[pk], oracle)
        assert api.get(f"/invoices/{pk}").data == listed[pk]
        assert_printed(Invoice.objects.get(pk=pk), oracle)

    subtotal = sum(oracle.subtotal for oracle in many.values())
    tax = sum(oracle.tax for oracle in many.values())
    report = api.get("/reports/financial?basis=accrual").data
    assert report["income"] == cents(subtotal)
    assert report["outstanding_invoices"] == cents(subtotal + tax)
    assert booked(Ledger.INCOME, Basis.ACCRUAL) == cents(-subtotal)
    assert booked(Ledger.TAX_PAYABLE, Basis.ACCRUAL) == cents(-tax)
    assert booked(Ledger.RECEIVABLE) == cents(subtotal + tax)
    assert findings() == []


def test_the_pages_themselves_say_it(api, many):
    for pk in random.sample(list(many), ON_PAPER):
        oracle, text = many[pk], text_of(api.get(f"/invoices/{pk}/pdf"))
        assert f"Net {dollars(oracle.subtotal)}" in text
        assert f"Total {dollars(oracle.amount)}" in text
        assert all(dollars(total) in text for total in oracle.totals)
