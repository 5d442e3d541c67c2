"""What all sheets have in common: the data that `document.typ` is filled with."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import accumulate
from typing import Any, Literal

from django.utils.translation import gettext as _

from billing.pdf.figures import LOCALE, money_text
from billing.pdf.parties import seller_words
from bizsuite.identity.models import Organisation

Words = dict[str, Any]
Kind = Literal["wide", "narrow", "figures"]
# Rows that stay on one page with the sums: some, unless they are long themselves.
MOST_ROWS_KEPT, LETTERS_KEPT = 3, 600


def sheet(seller: Organisation, *, title: str, number: str) -> Words:
    """What every document has, and what most have nothing to say to."""
    return {
        "language": LOCALE.language,
        "title": title,
        "number": number,
        "mark": "",
        "tag": "",
        "seller": seller_words(seller),
        "customer_label": _("Billed to"),
        "tax_table": None,
        "remarks": [],
        "settled": [],
        "due": [],
        "payment": None,
        "ages": None,
        "notes": [],
        "signing": None,
        "labels": {
            "page": _("Page"),
            "carried": _("Carried forward"),
            "brought": _("Brought forward"),
        },
    }


def columns(*named: tuple[str, Kind]) -> list[Words]:
    """Kinds: wide takes the room that there is, narrow holds words, figures holds figures."""
    return [{"name": name, "kind": kind} for name, kind in named]


def rows(
    cells: Sequence[Sequence[str]],
    totals: Iterable[Decimal],
    currency: str,
) -> Words:
    """The rows of items. notes: what is small below the first cell.

    carried: what they come to so far, for the foot of a page that is not the last. kept: how many
    of the last ones stay on a page with the sums.
    """
    return {
        "rows": [
            {"cells": row, "notes": [], "carried": money_text(so_far, currency)}
            for row, so_far in zip(cells, accumulate(totals), strict=True)
        ],
        "kept": rows_kept([row[0] for row in cells]),
    }


def rows_kept(descriptions: Sequence[str]) -> int:
    letters, count = 0, 0
    for description in reversed(descriptions[-MOST_ROWS_KEPT:]):
        letters += len(description)
        if letters > LETTERS_KEPT:
            break
        count += 1
    return count
