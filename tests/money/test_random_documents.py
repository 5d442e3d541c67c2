"""Ten thousand random documents: the engine and an independent oracle agree to the last unit."""

import random
from decimal import Decimal

from bizsuite.money import Discount, Line, compute_totals
from tests.billing.pricing_oracle import OracleDocument
from tests.billing.random_documents import random_document, scaled

COUNT = 10_000
CURRENCIES = (("EUR", 2), ("USD", 2), ("JPY", 0), ("KWD", 3))


def computed(document: OracleDocument, currency: str):
    lines = [
        Line(
            amount=scaled(item.price),
            quantity=scaled(item.quantity),
            tax_rate=scaled(item.rate),
            tax_category=item.category,
            discount=Discount(
                percent=scaled(item.percent), amount=scaled(item.off, document.decimals)
            ),
        )
        for item in document.items
    ]
    return compute_totals(
        lines,
        currency,
        discount=Discount(
            percent=scaled(document.percent), amount=scaled(document.off, document.decimals)
        ),
        tax_inclusive=document.inclusive,
    )


def test_engine_and_oracle_agree():
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    dice = random.Random(seed)

    for _ in range(COUNT):
        currency, decimals = dice.choice(CURRENCIES)
        document = random_document(dice, decimals)
        totals = computed(document, currency)

        def units(amount: Decimal, decimals: int = decimals) -> int:
            return int(amount.scaleb(decimals))

        assert [units(total) for total in totals.lines] == document.totals, document
        assert [units(net) for net in totals.nets] == document.nets, document
        assert units(totals.discount) == document.discount, document
        assert {
            (each.category, int(each.rate.scaleb(4))): (
                units(each.net + each.discount),
                units(each.net),
                units(each.tax),
            )
            for each in totals.rates
        } == document.taxes, document
        assert (units(totals.subtotal), units(totals.tax), units(totals.total)) == (
            document.subtotal,
            document.tax,
            document.amount,
        )
        # With the tax in the prices the total is exactly what they add up to.
        if document.inclusive:
            assert document.amount == sum(document.totals) - document.discount
        assert sum(document.nets) == document.subtotal
        assert all(0 <= net <= total for net, total in zip(totals.nets, totals.lines, strict=True))
