"""In which units things are sold: the codes of UN/ECE Recommendation 20, which e-invoices use."""

import functools
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from billing.models.catalogue import PLAIN_UNIT

# Those that are offered to people, and how they are printed after a quantity.
COMMON_UNITS = {
    "C62": _("one"),
    "H87": _("piece"),
    "HUR": _("hour"),
    "DAY": _("day"),
    "WEE": _("week"),
    "MON": _("month"),
    "ANN": _("year"),
    "MIN": _("minute"),
    "KGM": _("kg"),
    "GRM": _("g"),
    "TNE": _("t"),
    "LTR": _("l"),
    "MLT": _("ml"),
    "MTR": _("m"),
    "CMT": _("cm"),
    "KMT": _("km"),
    "MTK": _("m²"),
    "MTQ": _("m³"),
    "KWH": _("kWh"),
    "SET": _("set"),
    "PR": _("pair"),
    "XBX": _("box"),
    "XPK": _("package"),
    "LS": _("lump sum"),
    "P1": _("%"),
}


@functools.cache
def unit_codes() -> frozenset[str]:
    """Every code that an e-invoice may have: Recommendations 20 and, with an X before, 21."""
    return frozenset(Path(__file__).with_name("unit_codes.txt").read_text("ascii").split())


def unit_name(code: str) -> str:
    """How a unit is printed after a quantity: nothing for plain ones, else its name or its code."""
    return "" if code == PLAIN_UNIT else str(COMMON_UNITS.get(code, code))
