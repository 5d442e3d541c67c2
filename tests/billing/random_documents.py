"""Random documents: discounts of both kinds, several rates and categories, prices with tax or not."""

import random
from decimal import Decimal
from typing import Any

from tests.billing.pricing_oracle import OracleDocument, OracleItem

# In ten-thousandths of a percent; most charge something.
RATES = (190_000, 70_000, 50_000, 220_000, 200_000, 55_000, 81_250, 1_000_000, 1)
UNTAXED = ("zero", "zero", "exempt", "reverse_charge")


def random_document(dice: random.Random, decimals: int = 2) -> OracleDocument:
    alone = dice.random() < 0.03
    items = [
        random_item(dice, decimals, outside=alone) for _ in range(dice.choice([1, 1, 2, 3, 5, 8]))
    ]
    charged = sum(item.total(decimals) for item in items)
    percent, off = random_discount(dice, charged)
    return OracleDocument(items, decimals, dice.random() < 0.4, percent, off)


def random_item(dice: random.Random, decimals: int, *, outside: bool) -> OracleItem:
    price = dice.choice([dice.randrange(100), dice.randrange(10**7), 100 * dice.randrange(10**5)])
    quantity = dice.choice([10_000, 10_000 * dice.randrange(1, 50), dice.randrange(1, 99_999)])
    if outside:
        rate, category = 0, "outside_scope"
    elif dice.random() < 0.3:
        rate, category = 0, dice.choice(UNTAXED)
    else:
        rate, category = dice.choice(RATES), "standard"
    plain = OracleItem(price, quantity, rate, category)
    percent, off = random_discount(dice, plain.total(decimals))
    return OracleItem(price, quantity, rate, category, percent, off)


def random_discount(dice: random.Random, most: int) -> tuple[int | None, int | None]:
    """(percent, amount), at most one of them; often neither, sometimes all that there is."""
    kind = dice.random()
    if kind < 0.5:
        return None, None
    if kind < 0.75:
        return dice.choice([40_000, 25_000, 100_000, dice.randrange(1_000_001), 1_000_000]), None
    return None, dice.choice([dice.randrange(most + 1), dice.randrange(most + 1), most])


def scaled(number: int | None, places: int = 4) -> Decimal | None:
    return None if number is None else Decimal(number).scaleb(-places)


def new_document(document: OracleDocument) -> dict[str, Any]:
    """What an invoice says of its prices, as the actions take it."""
    decimals = document.decimals
    return {
        "items": [new_item(item, decimals) for item in document.items],
        "tax_inclusive": document.inclusive,
        "discount_percent": scaled(document.percent),
        "discount_amount": scaled(document.off, decimals),
    }


def new_item(item: OracleItem, decimals: int = 2) -> dict[str, Any]:
    return {
        "description": "Work",
        "amount": scaled(item.price),
        "quantity": scaled(item.quantity),
        "tax_rate": scaled(item.rate),
        "tax_category": item.category,
        "tax_exemption_reason": "Article 132" if item.category == "exempt" else "",
        "discount_percent": scaled(item.percent),
        "discount_amount": scaled(item.off, decimals),
    }
