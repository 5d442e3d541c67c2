"""What customers are invoiced for again and again."""

import datetime
from decimal import Decimal
from typing import Any

from billing.recurring_invoices import create_recurring_invoice, pause_recurring_invoice
from billing.recurring_runs import generate_due
from bizsuite.sandbox.company.story import Story


def subscribe(story: Story) -> None:
    """Domains, newsletters and support: some of it goes on for months, one is paused."""
    started = story.days_ago(95)
    _schedule(story, 15, "Newsletter {{ month }} {{ year }}", "120", start_date=started)
    _schedule(
        story, 16, "Support {{ period }}", "450", interval="quarterly", start_date=started, count=8
    )
    next_month = story.today + datetime.timedelta(days=12)
    _schedule(
        story,
        17,
        "Domain and certificates {{ year }}",
        "86",
        interval="yearly",
        start_date=next_month,
        mail=True,
    )
    paused = _schedule(story, 18, "Photo shoot {{ month }}", "300", start_date=next_month)
    pause_recurring_invoice(paused, actor=story.actor)
    generate_due(now=story.now, actor=story.actor)


def _schedule(story: Story, customer: int, text: str, price: str, **fields: Any) -> Any:
    item = {
        "description": text,
        "amount": Decimal(price),
        "quantity": Decimal(1),
        "tax_rate": Decimal(20),
    }
    return create_recurring_invoice(
        customer=story.customers[customer],
        items=[item],
        actor=story.actor,
        **({"interval": "monthly"} | fields),
    )
