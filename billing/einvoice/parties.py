"""Who sells and who buys, as EN 16931 sees them."""

import re
from collections.abc import Mapping

from stdnum.eu import vat as european_vat

from billing.einvoice.countries import country_code
from billing.einvoice.terms import Party
from bizsuite.identity.models import Organisation

# What the numbers begin with instead of the country's code (BR-CO-09; Northern Ireland's trade).
_PREFIXES = {"GR": ("EL",), "GB": ("GB", "XI")}
_LINES_OF_ADDRESS = 3


def seller_party(seller: Organisation, *, outside_scope: bool) -> Party:
    """outside_scope: of a document on which no VAT number may stand (BR-O-02)."""
    country = country_code(seller.country)
    vat_id = "" if outside_scope else vat_number(seller.tax_id, country)
    other_number = "" if vat_number(seller.tax_id, country) else seller.tax_id
    # The buyer must be able to tell who it is by a number (BR-CO-26); the tax office's will do.
    identifier = "" if vat_id or seller.registration_number else seller.tax_id
    return Party(
        name=seller.name,
        identifier=identifier,
        registration=seller.registration_number,
        vat_id=vat_id,
        tax_number=other_number,
        address=_lines(seller.street or seller.address),
        city=seller.city,
        zip=seller.zip,
        state=seller.state,
        country=country,
        phone=seller.phone,
        email=seller.email,
    )


def buyer_party(customer: Mapping[str, str], *, outside_scope: bool) -> Party:
    """customer: as copied onto the document."""
    country = country_code(customer["country"])
    return Party(
        name=customer["account"],
        vat_id="" if outside_scope else vat_number(customer["tax_id"], country),
        address=_lines(customer["address"]),
        city=customer["city"],
        zip=customer["zip"],
        state=customer["state"],
        country=country,
        contact=customer["contact_name"],
        phone=customer["phone"],
        email=customer["email"],
    )


def vat_number(tax_id: str, country: str) -> str:
    """The tax id as a VAT number, with its country in front; empty where it is of another kind."""
    compact = re.sub(r"[\s./-]", "", tax_id).upper()
    own = country and compact.startswith(_PREFIXES.get(country, (country,)))
    return compact if own or european_vat.is_valid(compact) else ""


def _lines(address: str) -> tuple[str, ...]:
    """No more lines than the standard has; the last holds the rest."""
    lines = [line.strip() for line in address.splitlines() if line.strip()]
    rest = lines[_LINES_OF_ADDRESS - 1 :]
    return (*lines[: _LINES_OF_ADDRESS - 1], *([", ".join(rest)] if rest else []))
