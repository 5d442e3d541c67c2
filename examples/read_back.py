"""Reading everything back over the API, and comparing it with the file to the cent."""

import calendar
import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from patient_api import Api, Record
from retail_file import Sale

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Arrived:
    """An invoice as the API shows it."""

    date: str
    items: int
    amount: Decimal
    paid: Decimal

    def __str__(self) -> str:
        return f"{self.items} items, {self.amount:.2f} in all, {self.paid:.2f} paid, of {self.date}"

    @classmethod
    def of(cls, record: Record) -> "Arrived":
        return cls(record["date"], len(record["items"]), record["amount"], record["paid"])


def check_arrival(api: Api, sales: Sequence[Sale]) -> list[str]:
    """Read back what the file's sales have become, print it, and return what differs."""
    expected = {
        sale.number: Arrived(sale.date.isoformat(), len(sale.rows), sale.total, sale.paid)
        for sale in sales
    }
    records = list(api.pages("/invoices", fields="external_id,date,items,amount,paid"))
    found = {r["external_id"]: Arrived.of(r) for r in records if r["external_id"] in expected}
    wanted = {sale.customer for sale in sales}
    customers = wanted & {r["external_id"] for r in api.pages("/customers", fields="external_id")}
    print_totals(customers, found)
    differing = [f"customer {customer} is missing" for customer in sorted(wanted - customers)]
    differing += invoice_differences(expected, found)
    others = len(records) - len(found) + foreign_transactions(api, sales)
    for year, month in sorted({(sale.date.year, sale.date.month) for sale in sales}):
        differing += check_month(api, year, month, sales, comparable=not others)
    return differing


def print_totals(customers: set[str], found: Mapping[str, Arrived]) -> None:
    sizes = [invoice.items for invoice in found.values()]
    total = sum((invoice.amount for invoice in found.values()), NOTHING)
    print("\nRead back over the API:")
    print_figure("customers", len(customers))
    print_figure("invoices", len(found))
    print_figure("items", sum(sizes))
    print_figure("items of the largest", max(sizes, default=0))
    print_figure("total", total)


def invoice_differences(expected: Mapping[str, Arrived], found: Mapping[str, Arrived]) -> list[str]:
    return [
        f"invoice {number}: {found.get(number, 'missing')}, in the file {invoice}"
        for number, invoice in expected.items()
        if found.get(number) != invoice
    ]


def foreign_transactions(api: Api, sales: Sequence[Sale]) -> int:
    """How many lines of the cash book are not our payments."""
    booked = api.get("/transactions", limit=1)["meta"]["total_records"]
    return max(0, booked - sum(1 for sale in sales if sale.paid))


def check_month(
    api: Api, year: int, month: int, sales: Sequence[Sale], *, comparable: bool
) -> list[str]:
    """Print a month's financial summary; compare it if the books hold nothing but the file."""
    summary = api.get("/reports/financial", year=year, month=month)["data"]
    print(f"\nFinancial summary of {calendar.month_name[month]} {year}:")
    for name in ("income", "expenses", "profit", "outstanding_invoices"):
        print_figure(name.replace("_", " "), summary[name])
    if not comparable:
        print("Not compared with the file: there are other documents in these books.")
        return []
    last = datetime.date(year, month, calendar.monthrange(year, month)[1])
    so_far = [sale for sale in sales if sale.date <= last]
    income = sum((s.paid for s in so_far if s.date >= last.replace(day=1)), NOTHING)
    outstanding = sum((sale.total - sale.paid for sale in so_far), NOTHING)
    expected = {"income": income, "outstanding_invoices": outstanding}
    return [
        f"{name.replace('_', ' ')} of {year}-{month:02}: {summary[name]}, in the file {amount}"
        for name, amount in expected.items()
        if summary[name] != amount
    ]


def print_figure(name: str, value: Decimal | int) -> None:
    print(f"  {name:22}{value:>14,}")
