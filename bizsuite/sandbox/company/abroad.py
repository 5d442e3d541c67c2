"""A customer overseas, who is invoiced in dollars and pays at other rates than those of the day."""

from decimal import Decimal

from billing.catalogue import create_account
from billing.exchange_rates import create_exchange_rate
from billing.invoices import create_invoice
from billing.payments import pay_invoice
from billing.transfers import create_transfer
from bizsuite.sandbox.company.story import Story
from customers.customers import create_customer

# Days ago, and pounds for a dollar, a euro.
RATES = (
    (120, "USD", "0.7912"),
    (75, "USD", "0.7846"),
    (30, "USD", "0.7789"),
    (75, "EUR", "0.8432"),
    (30, "EUR", "0.8395"),
)


def sell_abroad(story: Story) -> None:
    """One invoice paid into the account in dollars, one that is still open, dollars changed."""
    for days, currency, rate in RATES:
        create_exchange_rate(
            currency=currency, date=story.days_ago(days), rate=Decimal(rate), actor=story.actor
        )
    dollars = create_account(name="Dollar account", type="Bank", currency="USD", actor=story.actor)
    customer = create_customer(
        account="Lakeshore Outfitters Inc.",
        contact_name="Dana Whitlock",
        email="accounts@lakeshore-outfitters.example",
        city="Chicago",
        state="IL",
        zip="60601",
        country="US",
        actor=story.actor,
    )
    for days, amount in ((80, "4200.00"), (20, "1850.00")):
        invoice = create_invoice(
            customer=customer,
            date=story.days_ago(days),
            currency="USD",
            items=[
                {
                    "description": "Product photography",
                    "amount": Decimal(amount),
                    "quantity": Decimal(1),
                    "tax_rate": Decimal(0),
                }
            ],
            actor=story.actor,
        )
        if days > 60:
            pay_invoice(
                invoice,
                amount=invoice.amount,
                account=dollars,
                date=story.days_ago(55),
                method="Bank transfer",
                actor=story.actor,
            )
    create_transfer(
        from_account=dollars,
        to_account=story.accounts["bank"],
        amount=Decimal("3000.00"),
        amount_received=Decimal("2331.40"),
        date=story.days_ago(28),
        description="Changed into pounds",
        actor=story.actor,
    )
