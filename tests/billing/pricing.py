"""Documents over the API, as the tests of discounts and tax send and read them."""

from decimal import Decimal

from tests.factories import make_customer


def item(amount: str, qty: int | str = 1, tax_rate: int | str | None = None, **fields) -> dict:
    rate = {} if tax_rate is None else {"tax_rate": Decimal(tax_rate)}
    return {"description": "Work", "amount": Decimal(amount), "qty": Decimal(qty)} | rate | fields


def body(*items: dict, **fields) -> dict:
    return {"customer_id": make_customer().pk, "date": "2024-01-15", "items": list(items)} | fields


def figures(shown: dict, *names: str) -> list[str]:
    return [str(shown[name]) for name in names or ("subtotal", "tax", "amount")]


def lines(shown: dict, *names: str) -> list[tuple[str, ...]]:
    return [tuple(figures(each, *names)) for each in shown["items"]]


def taxes(shown: dict) -> list[tuple]:
    return [
        (each["category"], each["rate"], *figures(each, "discount", "net", "tax"))
        for each in shown["taxes"]
    ]
