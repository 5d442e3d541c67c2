"""Small files in the columns of the data set "Online Retail"."""

import io

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


def row(
    invoice="536365",
    product="85123A",
    description="WHITE HANGING HEART",
    quantity="6",
    date="2010-12-01 08:26:00",
    price="2.55",
    customer="17850.0",
    country="United Kingdom",
) -> str:
    return ",".join([invoice, product, description, quantity, date, price, customer, country])


def lines(*rows: str) -> list[str]:
    return list(io.StringIO("".join(f"{line}\n" for line in (HEADER, *rows))))
