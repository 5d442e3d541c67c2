"""Crediting invoices over the API, as the tests of credit notes do."""

FEBRUARY = "2024-02-01"


def credit(api, invoice, *items, **fields):
    """items: (index of the invoice's item, {qty or amount}) each; none, all that is left."""
    its_items = list(invoice.items.all())
    body = {"invoice_id": invoice.pk, "date": FEBRUARY} | fields
    if items:
        body["items"] = [{"invoice_item_id": its_items[n].pk} | what for n, what in items]
    return api.post("/credit-notes", body)


def invoice_now(api, invoice) -> dict:
    return api.get(f"/invoices/{invoice.pk}").data
