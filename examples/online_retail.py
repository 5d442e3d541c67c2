"""Load a month of a real shop over the API, take payments on it, and check what has arrived.

    .venv/bin/python examples/online_retail.py URL KEY FILE

FILE is a CSV, gzipped or not, with the columns of the data set "Online Retail" (see README.md
beside this). Every record carries the file's own id as its external_id, so this may be run again:
what is there already stays as it is. Of the product it uses nothing but the public API.

Exit codes: 0 all of the file is there, 1 something is missing or differs, 2 it could not be tried.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from patient_api import Api, Record, Refused, Unavailable, in_parallel
from progress import Progress
from read_back import check_arrival
from retail_file import Row, Sale, Shop, Unreadable, read_shop

BATCH = 300  # the API takes up to 1000 records at once
PIECE = "H87"  # as e-invoices say it: UN/ECE Recommendation 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one record. id: the API's; None if it was refused."""

    external_id: str
    id: int | None
    created: bool = False
    refusal: str = ""


@dataclass(slots=True)
class Loaded:
    """What became of a resource's records. ids: the API's by ours, of every record there is."""

    resource: str
    ids: dict[str, int]
    created: int = 0
    there: int = 0
    refused: list[str] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        if outcome.id is None:
            self.refused.append(f"{self.resource} {outcome.external_id}: {outcome.refusal}")
            return
        self.ids[outcome.external_id] = outcome.id
        self.created += outcome.created
        self.there += not outcome.created


class Loader:
    """Creates over the API what is not there yet."""

    def __init__(self, api: Api, progress: Progress) -> None:
        self.api = api
        self.progress = progress

    def load(self, shop: Shop) -> list[Loaded]:
        sales = shop.sales
        customers = self._add("customers", customer_records(sales), self._create_in_batches)
        names = product_names(sales)
        products = self._add("products", product_records(sales, names), self._create_in_batches)
        records = [invoice_record(sale, customers.ids, products.ids, names) for sale in sales]
        invoices = self._add("invoices", records, self._create_in_order)
        records = [payment_record(sale, customers.ids, invoices.ids) for sale in sales if sale.paid]
        payments = self._add("payments", records, self._create_at_once)
        return [customers, products, invoices, payments]

    def _add(
        self,
        resource: str,
        records: Sequence[Record],
        create: Callable[[str, Sequence[Record]], Iterable[Outcome]],
    ) -> Loaded:
        loaded = Loaded(resource, self._ids(resource))
        missing = [record for record in records if record["external_id"] not in loaded.ids]
        loaded.there = len(records) - len(missing)
        for outcome in self.progress.follow(resource, create(resource, missing), len(missing)):
            loaded.add(outcome)
        return loaded

    def _ids(self, resource: str) -> dict[str, int]:
        """What is there, in pages of many and not with a question for each."""
        records = self.api.pages(f"/{resource}", fields="id,external_id")
        return {r["external_id"]: r["id"] for r in records if r["external_id"] is not None}

    def _create_in_order(self, resource: str, records: Sequence[Record]) -> Iterator[Outcome]:
        """One after the other: invoices are numbered in the order in which they come."""
        return (self._create(resource, record) for record in records)

    def _create_at_once(self, resource: str, records: Sequence[Record]) -> Iterator[Outcome]:
        return in_parallel(lambda record: self._create(resource, record), records)

    def _create_in_batches(self, resource: str, records: Sequence[Record]) -> Iterator[Outcome]:
        starts = range(0, len(records), BATCH)
        batches = (records[start : start + BATCH] for start in starts)
        return chain.from_iterable(self._create_batch(resource, batch) for batch in batches)

    def _create_batch(self, resource: str, records: Sequence[Record]) -> Iterable[Outcome]:
        try:
            created = self.api.post(f"/batch/{resource}", {resource: records})
        except Refused:
            # All or nothing. One by one it shows which record it was, and the others get in.
            return self._create_in_order(resource, records)
        return [Outcome(each["external_id"], each["id"], created=True) for each in created]

    def _create(self, resource: str, record: Record) -> Outcome:
        external_id = record["external_id"]
        try:
            created = self.api.post(f"/{resource}", record)
        except Refused as refusal:
            # Perhaps an earlier try got in and its answer was lost on the way.
            found = self.api.get(f"/{resource}", external_id=external_id, fields="id")["data"]
            return Outcome(external_id, found[0]["id"] if found else None, refusal=str(refusal))
        return Outcome(external_id, created["id"], created=True)


# ── What is sent. Numbers go as text, which is as exact as in the file. ────────────


def customer_records(sales: Sequence[Sale]) -> list[Record]:
    countries: dict[str, str] = {}
    for sale in sales:
        countries.setdefault(sale.customer, sale.rows[0].country)
    return [
        {"account": f"Customer {customer}", "country": country, "external_id": customer}
        for customer, country in countries.items()
    ]


def product_names(sales: Sequence[Sale]) -> dict[str, str]:
    """Each product's first description that is not blank."""
    names: dict[str, str] = {}
    for row in rows_of(sales):
        if row.description:
            names.setdefault(row.product, row.description)
    return {row.product: f"Item {row.product}" for row in rows_of(sales)} | names


def product_records(sales: Sequence[Sale], names: Mapping[str, str]) -> list[Record]:
    prices: dict[str, str] = {}
    for row in rows_of(sales):
        prices.setdefault(row.product, f"{row.price:f}")
    return [
        # A shop counts pieces; the items of its invoices take that from their products.
        {"name": names[product], "price": price, "unit": PIECE, "external_id": product}
        for product, price in prices.items()
    ]


def invoice_record(
    sale: Sale, customers: Mapping[str, int], products: Mapping[str, int], names: Mapping[str, str]
) -> Record:
    return {
        "customer_id": customers.get(sale.customer),
        "date": sale.date.isoformat(),
        "external_id": sale.number,
        "items": [
            {
                "description": row.description or names[row.product],
                "qty": f"{row.quantity:f}",
                "amount": f"{row.price:f}",
                "product_id": products.get(row.product),
            }
            for row in sale.rows
        ],
    }


def payment_record(sale: Sale, customers: Mapping[str, int], invoices: Mapping[str, int]) -> Record:
    amount = f"{sale.paid:f}"
    return {
        "customer_id": customers.get(sale.customer),
        "date": sale.date.isoformat(),
        "amount": amount,
        "allocations": [{"invoice_id": invoices.get(sale.number), "amount": amount}],
        "external_id": f"payment-{sale.number}",
    }


def rows_of(sales: Sequence[Sale]) -> Iterator[Row]:
    return chain.from_iterable(sale.rows for sale in sales)


# ── What is said ───────────────────────────────────────────────────────────────────


def print_summary(shop: Shop, results: Sequence[Loaded]) -> None:
    print(f"\n{'':12}{'created':>10}{'already there':>16}{'refused':>10}")
    for each in results:
        print(f"{each.resource:12}{each.created:10,}{each.there:16,}{len(each.refused):10,}")
    print("\nInvoices of the file that were left out:")
    for reason, count in sorted(shop.skipped.items()):
        print(f"  {reason:18}{count:8,}")


def print_troubles(title: str, troubles: Sequence[str]) -> None:
    """Up to 20 of them: more of the same say nothing new."""
    if troubles:
        print(f"\n{title}", file=sys.stderr)
        for trouble in troubles[:20]:
            print(f"  {trouble}", file=sys.stderr)
        if len(troubles) > 20:
            print(f"  … and {len(troubles) - 20:,} more", file=sys.stderr)


def web_address(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError("must begin with http:// or https://")
    return text


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "url", metavar="URL", type=web_address, help="such as http://127.0.0.1:8000"
    )
    parser.add_argument("key", metavar="KEY", help="an API key: bs_live_…")
    parser.add_argument("file", metavar="FILE", type=Path, help="such as online-retail.csv.gz")
    given = parser.parse_args(arguments)
    progress = Progress(sys.stderr)
    try:
        shop = read_shop(given.file)
        api = Api(given.url, given.key, tell=progress.tell)
        results = Loader(api, progress).load(shop)
        print_summary(shop, results)
        refused = [text for each in results for text in each.refused]
        differing = check_arrival(api, shop.sales)
    except (Unreadable, Unavailable, Refused) as error:
        print(f"\n{error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nInterrupted. Run it again to go on from here.", file=sys.stderr)
        return 2
    print_troubles("Rows that could not be read:", shop.problems)
    print_troubles("Refused by the API:", refused)
    print_troubles("Not as in the file:", differing)
    if shop.problems or refused or differing:
        return 1
    print("\nEverything equals the file.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
