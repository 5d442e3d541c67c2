"""Where an organisation is found: its country and its website, checked."""

import functools

from babel import Locale
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

# In the CLDR's territories, and no countries of ISO 3166-1.
_NO_COUNTRIES = frozenset(
    {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
)
_WEB = ("https://", "http://")


@functools.cache
def country_names() -> dict[str, str]:
    """The English names of all countries by their ISO 3166-1 alpha-2 codes, by name."""
    territories = {str(code): str(name) for code, name in Locale("en").territories.items()}
    named = {
        code: name
        for code, name in territories.items()
        if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES
    }
    return dict(sorted(named.items(), key=lambda each: each[1]))


def validate_country(code: str) -> None:
    if code not in country_names():
        raise ValidationError(
            _("%(code)s is not an ISO 3166-1 country code of two letters, such as GB."),
            params={"code": code},
        )


def web_address(website: str) -> str:
    """What a link leads to."""
    return website if website.lower().startswith(_WEB) else f"https://{website}"


def validate_website(website: str) -> None:
    """With or without https://. Raises ValidationError."""
    try:
        URLValidator(schemes=["http", "https"])(web_address(website))
    except ValidationError:
        raise ValidationError(_("Enter an address on the web, such as www.example.com.")) from None
