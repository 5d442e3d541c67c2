"""What is said of money that is used, goes back, or never came: once, as the API shows it."""

from collections import Counter, defaultdict

import pytest

from bizsuite.events.models import Event
from bizsuite.exact_json import decode
from tests.billing.books import last_event_id
from tests.factories import make_customer, make_invoice, make_payment

pytestmark = pytest.mark.django_db

PATHS = {
    "invoice": "/invoices",
    "payment": "/payments",
    "transaction": "/transactions",
    "credit_note": "/credit-notes",
}


@pytest.fixture
def history(api) -> list[tuple[int, str]]:
    """(last event before it, what was done) of some steps with one customer's money."""
    customer = make_customer()
    first, second = (make_invoice("100.00", tax_rate=19, customer=customer) for _ in range(2))
    payment = make_payment("150.00", customer=customer)
    other = make_payment("20.00", customer=customer)
    pay, dated = f"/payments/{payment.pk}", {"date": "2024-02-01"}
    both = [{"invoice_id": first.pk, "amount": 119}, {"invoice_id": second.pk, "amount": 31}]
    steps = [
        (f"{pay}/allocate", {"allocations": both} | dated),
        (f"{pay}/refund", {"amount": 11} | dated),
        ("/credit-notes", {"invoice_id": first.pk} | dated),
        (f"{pay}/refund", {"amount": 100} | dated),
        (f"/payments/{other.pk}/reverse", {}),
        ("/credit-notes", {"invoice_id": second.pk} | dated),
    ]
    done = []
    for path, body in steps:
        before = last_event_id()
        assert api.post(path, body).status in (200, 201)
        assert_told_as_shown(api, before)
        done.append((before, path.split("/")[-1]))
    return done


def assert_told_as_shown(api, before: int) -> None:
    """Byte for byte, at that moment."""
    for event in Event.objects.filter(pk__gt=before):
        shown = api.get(f"{PATHS[event.resource]}/{event.object_id}")
        assert decode(event.payload.encode()) == shown.body["data"]
        assert event.payload.encode() in shown.raw


def test_each_step_is_told_once(history):
    told = [
        Counter(Event.objects.filter(pk__gt=before, pk__lte=after).values_list("type", flat=True))
        for (before, _), (after, _) in zip(history, [*history[1:], (10**9, "")], strict=True)
    ]

    assert told == [
        {"payment.allocated": 1, "invoice.paid": 1, "invoice.updated": 1},
        {"payment.refunded": 1, "invoice.updated": 1},
        {"credit_note.created": 1, "invoice.updated": 1, "payment.updated": 1},
        {"payment.refunded": 1},
        {"payment.reversed": 1, "transaction.updated": 1},
        {"credit_note.created": 1, "invoice.paid": 1, "payment.updated": 1},
    ]
    assert Event.objects.filter(type="payment.received").count() == 2


def test_versions_rise_without_a_gap(history):
    versions = defaultdict(list)
    for event in Event.objects.filter(resource__in=PATHS).order_by("pk"):
        versions[event.resource, event.object_id].append(event.object_version)

    for found in versions.values():
        assert sorted(set(found)) == list(range(1, max(found) + 1))
        assert found == sorted(found)
