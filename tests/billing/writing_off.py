"""Writing off over the API, as the tests of write-offs do."""

from tests.billing.crediting import invoice_now

MARCH = "2024-03-01"
FIGURES = ("status", "paid", "credited", "written_off", "balance")


def write_off(api, invoice, **body):
    return api.post(f"/invoices/{invoice.pk}/write-off", {"date": MARCH} | body)


def figures(api, invoice) -> tuple:
    now = invoice_now(api, invoice)
    return tuple(now[name] for name in FIGURES)


def refused(answer, code: str, *allowed: str) -> None:
    assert (answer.status, answer.body["code"]) == (409, code)
    assert answer.body.get("allowed", []) == list(allowed)
