"""What the company pays for, and money moved to its till."""

from decimal import Decimal

from billing.catalogue import create_category, create_supplier
from billing.defaults import default_account
from billing.models import Category, Supplier
from billing.receipts import attach_receipt
from billing.transactions import create_transactions
from billing.transfers import create_transfer
from bizsuite.sandbox.company.names import EXPENSES, SUPPLIERS
from bizsuite.sandbox.company.story import Story

LONGEST_AGO_DAYS = 360


def spend(story: Story) -> None:
    names = dict.fromkeys(name for name, *_ in EXPENSES)
    categories: dict[str, Category] = {
        name: create_category(name=name, type="Expense", actor=story.actor) for name in names
    }
    suppliers: dict[str, Supplier] = {
        what_for: create_supplier(name=name, tax_id=tax_id, city=city, actor=story.actor)
        for what_for, name, tax_id, city in SUPPLIERS
    }
    lines = [
        {
            "type": "Expense",
            "category": categories[name],
            "supplier": suppliers.get(name),
            "reference": f"{name[0]}{1000 - days}" if name in suppliers else "",
            "account": story.accounts["bank"],
            "description": description,
            "amount": Decimal(amount),
            "tax_rate": Decimal(rate),
            "date": story.days_ago(days),
        }
        for name, description, amount, rate, every, first in EXPENSES
        for days in range(first, LONGEST_AGO_DAYS, every)
    ]
    made = create_transactions(sorted(lines, key=lambda line: line["date"]), actor=story.actor)
    attach_receipt(
        made[-1],
        name=f"{made[-1].reference or 'receipt'}.txt",
        content=f"{made[-1].description}: {made[-1].amount} {made[-1].currency}\n".encode(),
        actor=story.actor,
    )
    for days in (150, 60):
        create_transfer(
            from_account=story.accounts["bank"],
            to_account=default_account(),
            amount=Decimal("200"),
            date=story.days_ago(days),
            description="For the till",
            actor=story.actor,
        )
