"""Reading the CSV of "Online Retail": which of its invoices are to be loaded, and what they say."""

import csv
import datetime
import gzip
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

COLUMNS = (
    "InvoiceNo", "StockCode", "Description", "Quantity",
    "InvoiceDate", "UnitPrice", "CustomerID", "Country",
)  # fmt: skip
NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?")
PRICE_PLACES = 4  # what the API takes
CENT = Decimal("0.01")


class Unreadable(Exception):
    """A file, or a row of it, that cannot be understood. The message says why."""


@dataclass(frozen=True, slots=True)
class Row:
    """One item sold. customer: empty where it is not known. price: of one."""

    invoice: str
    product: str
    description: str
    quantity: Decimal
    date: datetime.date
    price: Decimal
    customer: str
    country: str

    @property
    def total(self) -> Decimal:
        return (self.quantity * self.price).quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Sale:
    """An invoice of the file that is to be loaded. paid: what its customer pays the same day."""

    number: str
    customer: str
    date: datetime.date
    rows: Sequence[Row]
    total: Decimal
    paid: Decimal


@dataclass(frozen=True, slots=True)
class Shop:
    """What a file says. skipped: invoices left out, by reason. problems: rows that are wrong."""

    sales: Sequence[Sale]
    skipped: Mapping[str, int]
    problems: Sequence[str]


def read_shop(path: Path) -> Shop:
    """Read a file. Raises Unreadable if it is no such file at all."""
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise Unreadable(f"{path}: {error}") from error
    return read_sales(io.StringIO(text, newline=""))


def read_sales(lines: Iterable[str]) -> Shop:
    """Select what is to be loaded, in the order of the file."""
    records = numbered_records(lines)
    _, names = next(records, (1, []))
    if missing := [name for name in COLUMNS if name not in names]:
        raise Unreadable(f"The first line must name the columns; missing: {', '.join(missing)}")
    invoices: dict[str, list[Row]] = {}
    incomplete = set()
    problems = []
    for line, values in records:
        record = dict(zip(names, values, strict=False))
        number = record.get("InvoiceNo", "").strip()
        try:
            if len(values) != len(names):
                raise Unreadable(f"has {len(values)} columns and not {len(names)}")
            invoices.setdefault(number, []).append(read_row(record))
        except Unreadable as problem:
            problems.append(f"line {line}: {problem}")
            incomplete.add(number)
    skipped = Counter({"unreadable row": len(incomplete)})
    kept = []
    for number, rows in invoices.items():
        if number in incomplete:  # without one of its rows it would be another invoice
            continue
        if reason := reason_to_skip(rows):
            skipped[reason] += 1
        else:
            kept.append(rows)
    return Shop([sale_of(rows, position) for position, rows in enumerate(kept)], skipped, problems)


def numbered_records(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Each record with the number of the line it begins on: a quoted text may span several."""
    reader = csv.reader(lines, strict=True)
    while True:
        begins = reader.line_num + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Unreadable(f"line {begins}: {error}") from error
        if values:
            yield begins, values


def read_row(record: Mapping[str, str]) -> Row:
    """Raises Unreadable for a value that is missing, malformed, or more than the API can keep."""
    text = {name: record[name].strip() for name in COLUMNS}
    for name in ("InvoiceNo", "StockCode"):
        if not text[name]:
            raise Unreadable(f"{name} is empty")
    price = read_number(text, "UnitPrice")
    if price < 0:
        raise Unreadable(f"UnitPrice {text['UnitPrice']} is negative")
    if price != round(price, PRICE_PLACES):
        raise Unreadable(f"UnitPrice {text['UnitPrice']} has more than {PRICE_PLACES} decimals")
    return Row(
        invoice=text["InvoiceNo"],
        product=text["StockCode"],
        description=text["Description"],
        quantity=read_number(text, "Quantity"),
        date=read_date(text["InvoiceDate"]),
        price=price,
        customer=text["CustomerID"].removesuffix(".0"),
        country=text["Country"],
    )


def read_number(text: Mapping[str, str], name: str) -> Decimal:
    if not NUMBER.fullmatch(text[name]):
        raise Unreadable(f"{name} {text[name]!r} is not a number")
    return Decimal(text[name])


def read_date(text: str) -> datetime.date:
    try:
        return datetime.datetime.fromisoformat(text).date()
    except ValueError:
        raise Unreadable(f"InvoiceDate {text!r} is not like 2010-12-01 08:26:00") from None


def reason_to_skip(rows: Sequence[Row]) -> str | None:
    if rows[0].invoice.startswith("C"):
        return "credit note"
    if any(row.quantity <= 0 for row in rows):
        return "negative quantity"
    if any(not row.customer for row in rows):
        return "unknown customer"
    return None


def sale_of(rows: Sequence[Row], position: int) -> Sale:
    """Of each three sales the first is paid in full, the second by half, the third not yet."""
    total = sum((row.total for row in rows), Decimal(0))
    half = (total / 2).quantize(CENT, ROUND_HALF_UP)
    return Sale(
        number=rows[0].invoice,
        customer=rows[0].customer,
        date=rows[0].date,
        rows=rows,
        total=total,
        paid=(total, half, Decimal(0))[position % 3],
    )
