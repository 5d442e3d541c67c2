"""History comes with its numbers: unique, outside the gapless series, never in its form."""

from decimal import Decimal

import pytest

from billing import invoices
from billing.models import Invoice
from bizsuite.errors import Conflict
from bizsuite.numbering.models import NumberSeries
from tests.billing.books import event_types, last_event_id
from tests.concurrency import at_once
from tests.factories import (
    SYSTEM,
    close_period,
    make_customer,
    make_draft,
    make_invoice,
    new_invoice,
)

pytestmark = pytest.mark.django_db


def body(number: str, **fields: object) -> dict[str, object]:
    item = {"description": "Work", "amount": Decimal("100.00"), "qty": 1}
    return {
        "customer_id": fields.pop("customer_id", None) or make_customer().pk,
        "date": "2019-03-02",
        "invoice_number": number,
        "items": [item],
    } | fields


def shown(answer) -> list[tuple[str | None, bool]]:
    return [(each["invoice_number"], each["imported"]) for each in answer.data]


def test_an_imported_invoice_is_issued_with_its_own_number_and_takes_none_of_the_series(api):
    before = last_event_id()

    answer = api.post("/invoices", body("  2019/17 "))

    assert answer.status == 201
    assert (answer.data["invoice_number"], answer.data["imported"]) == ("2019/17", True)
    assert answer.data["status"] == "Unpaid"
    assert event_types(before)[1:] == ["invoice.created", "invoice.issued"]  # after the customer's
    assert not NumberSeries.objects.exists()
    assert make_invoice(date=Invoice.objects.get().date).number == "INV-2019-001"


@pytest.mark.parametrize(
    "number",
    [
        "INV-2019-001",
        "inv-2019-001",
        "INV-2019-1",
        "INV-2031-00042",
        "INV - 2019 - 001",
        "I N V-2019-001",
        "INV–2019–001",
        "INV⁃2019⁃001",
        "INV‑2019‑001",
        "INV_2019_001",
        "ＩＮＶ-２０１９-００１",
    ],
)
def test_a_number_that_reads_like_one_of_ours_is_refused(api, number):
    errors = api.post("/invoices", body(number)).errors

    assert list(errors) == ["invoice_number"]
    assert "is in the form of the numbers given here" in errors["invoice_number"]
    assert not Invoice.objects.exists()


@pytest.mark.parametrize("number", ["INV-19-001", "INV2019001", "2019-001", "RE-INV-2019-001-B"])
def test_a_number_of_another_form_is_welcome(api, number):
    assert api.post("/invoices", body(number)).data["invoice_number"] == number


@pytest.mark.parametrize("number", ["A\n1", "A\t1", "A\u202e1", "A\u2028B"])
def test_a_number_that_cannot_be_read_out_is_refused(api, number):
    """A line break in it would be one in mails, file names and addresses of pages."""
    errors = api.post("/invoices", body(number)).errors

    assert errors == {
        "invoice_number": "Must be one line of letters, figures and signs that can be seen"
    }
    assert not Invoice.objects.exists()


def test_a_number_with_slashes_makes_the_name_of_one_file(api):
    invoice = api.post("/invoices", body("2019/17")).data["id"]

    answer = api.get(f"/invoices/{invoice}/pdf")

    assert answer.headers["Content-Disposition"] == 'inline; filename="2019-17.pdf"'


def test_a_number_that_is_there_already_is_a_conflict(api):
    api.post("/invoices", body("A-1"))
    before = last_event_id()
    sent = body("A-1", customer_id=Invoice.objects.get().customer_id)

    answer = api.post("/invoices", sent)

    assert (answer.status, answer.body["code"]) == (409, "invoice_number_taken")
    assert answer.body["message"] == "Another invoice has the number A-1."
    assert event_types(before) == []
    assert Invoice.objects.count() == 1


def test_a_draft_has_no_number(api):
    errors = api.post("/invoices", body("A-1", draft=True)).errors

    assert errors == {"invoice_number": "A draft has none; leave out `draft` or the number"}


@pytest.mark.parametrize("state", ["draft", "issued", "imported"])
def test_a_number_is_given_once(api, state):
    invoice = make_draft() if state == "draft" else make_invoice()
    if state == "imported":
        invoice = make_invoice(number="A-1")
    path = f"/invoices/{invoice.pk}"

    errors = api.patch(path, {"invoice_number": "A-2"}).errors

    assert errors == {"invoice_number": "A number is given once, when an invoice is made"}
    same = {"invoice_number": invoice.number, "notes": "Kept"}
    assert api.patch(path, same).data["notes"] == "Kept"
    assert api.get(path).data["invoice_number"] == invoice.number


def test_no_number_is_no_import(api):
    answer = api.post("/invoices", body("", invoice_number=None))

    assert shown_one(answer) == ("INV-2019-001", False)


def shown_one(answer) -> tuple[str | None, bool]:
    return answer.data["invoice_number"], answer.data["imported"]


def test_a_batch_mixes_them_with_others_and_refuses_one_number_twice(api):
    customer = make_customer().pk
    plain = body("", customer_id=customer)
    del plain["invoice_number"]
    news = [body("B-2", customer_id=customer), plain, body("B-1", customer_id=customer)]

    answer = api.post("/batch/invoices", {"invoices": news})
    assert shown(answer) == [("B-2", True), ("INV-2019-001", False), ("B-1", True)]

    twice = [body("B-3", customer_id=customer), body("B-3", customer_id=customer), news[0]]
    told = api.post("/batch/invoices?mode=partial", {"invoices": twice}).data
    assert [each["status"] for each in told] == [201, 409, 409]
    refused = api.post("/batch/invoices", {"invoices": [body("B-4"), body("B-4")]})
    assert refused.status in (400, 409)
    assert not Invoice.objects.filter(number="B-4").exists()


def test_an_import_is_run_again(api):
    news = {"invoices": [body("C-1", external_id="old-1"), body("C-2", external_id="old-2")]}
    assert api.post("/batch/invoices?upsert=external_id", news).status == 201
    before = last_event_id()

    again = api.post("/batch/invoices?upsert=external_id", news)

    assert again.status == 200
    assert shown(again) == [("C-1", True), ("C-2", True)]
    assert event_types(before) == []
    assert Invoice.objects.count() == 2


def test_lists_find_and_sort_them(api):
    year = {"date": make_invoice().date}
    for number in ("A-10", "A-9"):
        make_invoice(number=number, **year)
    NumberSeries.objects.update(last=999)
    Invoice.objects.filter(number="INV-2024-001").change(number="INV-2024-999")
    make_invoice(**year)
    make_draft(**year)

    sorted_ = api.get("/invoices?sort=invoice_number")
    assert [number for number, _ in shown(sorted_)] == [
        None,
        "A-9",
        "A-10",
        "INV-2024-999",
        "INV-2024-1000",
    ]
    assert shown(api.get("/invoices?imported=true&sort=-invoice_number")) == [
        ("A-10", True),
        ("A-9", True),
    ]
    assert shown(api.get("/invoices?invoice_number=A-9")) == [("A-9", True)]
    assert shown(api.get("/invoices?search=a-10")) == [("A-10", True)]
    # Put back what this test did to the series, for the books are looked at afterwards.
    NumberSeries.objects.update(last=2)
    Invoice.objects.filter(number="INV-2024-999").change(number="INV-2024-001")
    Invoice.objects.filter(number="INV-2024-1000").change(number="INV-2024-002")


def test_it_is_voided_and_never_deleted(api):
    invoice = make_invoice(number="A-1")

    refused = api.delete(f"/invoices/{invoice.pk}")
    assert (refused.status, refused.body["code"]) == (409, "invoice_issued")
    voided = api.post(f"/invoices/{invoice.pk}/void")
    assert (voided.data["status"], voided.data["invoice_number"]) == ("Void", "A-1")


def test_a_closed_period_takes_no_history_either(api):
    close_period(Invoice(date=make_invoice().date).date)

    answer = api.post("/invoices", body("A-1"))

    assert (answer.status, answer.body["code"]) == (409, "period_closed")
    assert not Invoice.objects.filter(imported=True).exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_with_one_number_one_is_there():
    new = new_invoice(number="A-1", customer=make_customer())

    def make() -> str:
        try:
            return invoices.create_invoice(actor=SYSTEM, **new).number
        except Conflict as refusal:
            return refusal.code
        except Exception as error:  # noqa: BLE001  the database's own word for it
            return type(error).__name__

    outcomes = at_once([make, make])

    assert sorted(outcomes)[0] == "A-1"
    assert sorted(outcomes)[1] in ("IntegrityError", "invoice_number_taken")
    assert Invoice.objects.count() == 1
