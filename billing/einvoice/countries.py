"""Which country is meant: people write "DE", "Germany", "Deutschland", and "UK"."""

import functools

from babel import Locale

from bizsuite.identity.contact_details import country_names
from bizsuite.records import folded

# Those of the European Union and its neighbours, where this standard is the law.
_LANGUAGES = [
    "bg",
    "cs",
    "da",
    "de",
    "el",
    "es",
    "et",
    "fi",
    "fr",
    "ga",
    "hr",
    "hu",
    "is",
    "it",
    "lt",
    "lv",
    "mt",
    "nb",
    "nl",
    "pl",
    "pt",
    "ro",
    "sk",
    "sl",
    "sv",
    "en",
]  # English last: what it calls a country counts
# Kosovo: what the code list of EN 16931 has for it (BR-CL-14).
_NOT_IN_ISO = {"XK": "1A"}
# Neither codes of ISO 3166-1 nor names of the CLDR, and written all the same.
_ALSO_CALLED = {
    "uk": "GB",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "usa": "US",
    "united states of america": "US",
    "el": "GR",
    "holland": "NL",
    "the netherlands": "NL",
    "czech republic": "CZ",
    "turkey": "TR",
}


def country_code(written: str) -> str:
    """The code that EN 16931 has for what is a country's code or name; empty where it is none."""
    return _codes().get(folded(written).strip(), "")


@functools.cache
def _codes() -> dict[str, str]:
    codes = {folded(code): code for code in country_names()}
    names = {
        folded(name): code
        for language in _LANGUAGES
        for code, name in Locale(language).territories.items()
        if code in country_names()
    }
    found = names | codes | _ALSO_CALLED
    return {name: _NOT_IN_ISO.get(code, code) for name, code in found.items()}
