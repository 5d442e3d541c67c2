"""How paper names those who sell and those who buy."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from billing.pdf.figures import LOCALE
from bizsuite.identity.models import Organisation

# "City, State 12345"; elsewhere the postal code comes first.
POSTAL_CODE_LAST = {"US", "CA", "AU", "GB", "IN"}
# Where sheets are 8.5 by 11 inches (CLDR, paperSize).
LETTER_COUNTRIES = frozenset(
    {"BZ", "CA", "CL", "CO", "CR", "GT", "MX", "NI", "PA", "PH", "PR", "SV", "US", "VE"}
)

# Of what the settings have for the foot of the page, as they are broken; more are joined.
MOST_FOOTER_LINES = 4


def seller_words(seller: Organisation) -> dict[str, Any]:
    """The head of the sheet, and its foot."""
    contact = (seller.phone, seller.email, seller.website)
    return {
        "name": seller.name,
        "lines": [*seller_address(seller), *filter(None, contact)],
        "footer": _footer(seller),
        "paper": "us-letter" if seller.country in LETTER_COUNTRIES else "a4",
    }


def _footer(seller: Organisation) -> list[str]:
    about = (seller.name, seller.tax_id, seller.registration_number, seller.email)
    first, more = " · ".join(filter(None, about)), seller.footer.splitlines()
    rest = " · ".join(more[MOST_FOOTER_LINES:])
    return [line for line in (first, *more[:MOST_FOOTER_LINES], rest) if line]


def seller_address(seller: Organisation) -> list[str]:
    """As an envelope has it: the parts, where there are some, else what was written as a whole."""
    if not (seller.street or seller.city):
        return [line.strip() for line in seller.address.splitlines() if line.strip()]
    place = _place(seller.city, seller.state, seller.zip, seller.country)
    lines = (*seller.street.splitlines(), place, _country(seller.country))
    return [line for line in lines if line]


def customer_lines(details: Mapping[str, str]) -> list[str]:
    """A customer's name and address as on an envelope, and their tax id."""
    lines = (
        details["account"],
        details["contact_name"],
        *details["address"].splitlines(),
        _place(details["city"], details["state"], details["zip"], details["country"]),
        _country(details["country"]),
        details["tax_id"] and _("Tax id %(id)s") % {"id": details["tax_id"]},
    )
    return [line for line in lines if line]


def _country(code: str) -> str:
    return str(LOCALE.territories.get(code, code))


def _place(city: str, state: str, postal_code: str, country: str) -> str:
    if country in POSTAL_CODE_LAST:
        region = " ".join(filter(None, (state, postal_code)))
        return ", ".join(filter(None, (city, region)))
    return ", ".join(filter(None, (" ".join(filter(None, (postal_code, city))), state)))
