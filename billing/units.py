"""In which units things are sold: the codes of UN/ECE Recommendation 20, which e-invoices use."""

import functools
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from billing.models.catalogue import PLAIN_UNIT

# Those that are offered to people: what each is called, and how it is written after a quantity.
COMMON_UNITS = {
    "H87": (_("piece"), _("pcs")),
    "HUR": (_("hour"), _("h")),
    "DAY": (_("day"), _("d")),
    "WEE": (_("week"), _("wk")),
    "MON": (_("month"), _("mo")),
    "ANN": (_("year"), _("yr")),
    "MIN": (_("minute"), _("min")),
    "KGM": (_("kilogram"), _("kg")),
    "GRM": (_("gram"), _("g")),
    "TNE": (_("tonne"), _("t")),
    "LTR": (_("litre"), _("l")),
    "MLT": (_("millilitre"), _("ml")),
    "MTR": (_("metre"), _("m")),
    "CMT": (_("centimetre"), _("cm")),
    "KMT": (_("kilometre"), _("km")),
    "MTK": (_("square metre"), _("m²")),
    "MTQ": (_("cubic metre"), _("m³")),
    "KWH": (_("kilowatt hour"), _("kWh")),
    "SET": (_("set"), _("set")),
    "PR": (_("pair"), _("pair")),
    "XBX": (_("box"), _("box")),
    "XPK": (_("package"), _("pkg")),
    "LS": (_("lump sum"), _("flat")),
}


@functools.cache
def unit_codes() -> frozenset[str]:
    """Every code that an e-invoice may have: Recommendations 20 and, with an X before, 21."""
    return frozenset(Path(__file__).with_name("unit_codes.txt").read_text("ascii").split())


def unit_symbol(code: str) -> str:
    """How a unit is written after a quantity: nothing for plain ones, an unusual one by its code."""
    if code == PLAIN_UNIT:
        return ""
    _name, symbol = COMMON_UNITS.get(code, (code, code))
    return str(symbol)
