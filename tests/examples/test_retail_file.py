"""What the example reads in a file, and what it says of a file that is wrong."""

import datetime
import gzip
from decimal import Decimal

import pytest
from retail_file import Unreadable, read_sales, read_shop

from tests.examples.rows import HEADER, lines, row


def read(*rows: str):
    return read_sales(lines(*rows))


def sale(*rows: str):
    (only,) = read(*rows).sales
    return only


def test_the_rows_of_one_invoice_are_one_sale():
    read_sale = sale(row(), row(product="71053", quantity="8", price="3.39"))
    assert (read_sale.number, read_sale.customer) == ("536365", "17850")
    assert read_sale.date == datetime.date(2010, 12, 1)
    assert [line.product for line in read_sale.rows] == ["85123A", "71053"]
    assert read_sale.total == Decimal("42.42")


def test_sales_keep_the_order_in_which_the_file_begins_them():
    shop = read(row("2"), row("1"), row("2"), row("3"))
    assert [sale.number for sale in shop.sales] == ["2", "1", "3"]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([row("C536379", quantity="-1")], "credit note"),
        ([row(), row(quantity="-1")], "negative quantity"),
        ([row(quantity="0")], "negative quantity"),
        ([row(), row(customer="")], "unknown customer"),
        ([row(customer="", quantity="-1")], "negative quantity"),
    ],
)
def test_what_is_no_invoice_of_a_known_customer_is_skipped_and_counted(rows, reason):
    shop = read(row("1"), *rows)
    assert [sale.number for sale in shop.sales] == ["1"]
    assert +shop.skipped == {reason: 1}
    assert shop.problems == []


def test_a_price_of_zero_is_sold_at_zero():
    assert sale(row(price="0.0")).total == 0


def test_each_line_is_rounded_half_up_before_they_are_added():
    # 3 × 0.335 = 1.005, which no float and no sum before rounding would make 1.01 twice.
    assert sale(
        row(quantity="3", price="0.335"), row(quantity="3", price="0.335")
    ).total == Decimal("2.02")


def test_of_three_sales_the_first_is_paid_the_second_by_half_and_the_third_not_at_all():
    shop = read(*(row(str(number), quantity="1", price="0.25") for number in range(6)))
    assert [str(sale.paid) for sale in shop.sales] == ["0.25", "0.13", "0"] * 2


def test_skipped_invoices_do_not_count_among_the_three():
    shop = read(row("1"), row("C2"), row("3", quantity="1", price="0.25"))
    assert [str(sale.paid) for sale in shop.sales] == ["15.30", "0.13"]


# ── Rows that are wrong ──────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ("536366,85123A,MUG,6", "has 4 columns and not 8"),
        (row() + ",more", "has 9 columns and not 8"),
        (row(quantity="six"), "Quantity 'six' is not a number"),
        (row(quantity="1e3"), "Quantity '1e3' is not a number"),
        (row(price=""), "UnitPrice '' is not a number"),
        (row(price="NaN"), "UnitPrice 'NaN' is not a number"),
        (row(price="-1"), "UnitPrice -1 is negative"),
        (row(date="2010-02-30 10:00:00"), "InvoiceDate '2010-02-30 10:00:00' is not like"),
        (row(date="12/1/2010 8:26"), "InvoiceDate '12/1/2010 8:26' is not like"),
        (row(invoice=" "), "InvoiceNo is empty"),
        (row(product=""), "StockCode is empty"),
    ],
)
def test_a_wrong_row_is_named_with_its_line(wrong, problem):
    shop = read(row("1"), wrong)
    (said,) = shop.problems
    assert said.startswith(f"line 3: {problem}")
    assert [sale.number for sale in shop.sales] == ["1"]


def test_a_price_finer_than_the_api_keeps_is_reported_and_never_rounded():
    shop = read(row("1"), row("2", price="0.12345"), row("3", price="0.1234"))
    assert shop.problems == ["line 3: UnitPrice 0.12345 has more than 4 decimals"]
    assert [sale.number for sale in shop.sales] == ["1", "3"]


def test_zeros_beyond_the_fourth_decimal_are_no_precision():
    assert sale(row(quantity="2", price="2.5500000")).total == Decimal("5.10")


def test_an_invoice_is_left_out_whole_when_one_of_its_rows_is_wrong():
    shop = read(row("1"), row("2"), row("2", price="x"), row("2"))
    assert [sale.number for sale in shop.sales] == ["1"]
    assert +shop.skipped == {"unreadable row": 1}


def test_the_line_is_the_one_on_which_the_row_begins():
    shop = read(row("1", description='"of two\nlines"'), "", row("2", price="x"))
    assert shop.sales[0].rows[0].description == "of two\nlines"
    assert shop.problems == ["line 5: UnitPrice 'x' is not a number"]


# ── Files that are wrong ─────────────────────────────────────────────────────────


def test_columns_may_stand_in_another_order_and_among_others():
    shop = read_sales(
        [
            "Extra,CustomerID,Country,InvoiceNo,StockCode,Description,Quantity,UnitPrice,InvoiceDate\n",
            "x,17850.0,EIRE,536365,POST,POSTAGE,1,18,2010-12-01 08:26:00\n",
        ]
    )
    assert shop.sales[0].total == 18
    assert shop.sales[0].rows[0].country == "EIRE"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "missing: InvoiceNo, StockCode"),
        (HEADER.replace("UnitPrice", "Price") + "\n", "missing: UnitPrice"),
        (f'{HEADER}\n{row()}\n536366,"never closed\n', "line 3: unexpected end of data"),
    ],
)
def test_a_file_of_another_kind_is_refused(text, problem):
    with pytest.raises(Unreadable, match=problem):
        read_sales(text.splitlines(keepends=True))


def test_files_are_read_packed_and_plain_with_and_without_a_byte_order_mark(tmp_path):
    text = "".join(lines(row(description="CAFÉ")))
    for name, content in {
        "plain.csv": text.encode(),
        "marked.csv": text.encode("utf-8-sig"),
        "windows.csv": text.replace("\n", "\r\n").encode(),
        "packed.csv.gz": gzip.compress(text.encode()),
    }.items():
        path = tmp_path / name
        path.write_bytes(content)
        (only,) = read_shop(path).sales
        assert only.rows[0].description == "CAFÉ", name


@pytest.mark.parametrize("content", [b"\x1f\x8b\x08 broken", b"caf\xe9", None])
def test_a_file_that_cannot_be_opened_is_named(tmp_path, content):
    path = tmp_path / "sales.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Unreadable, match=r"sales\.csv"):
        read_shop(path)
