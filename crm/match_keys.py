"""What makes two leads likely the same: e-mail, telephone and name brought to one way of writing.

Equal keys mean "likely the same"; an empty key matches nothing.
"""

import re
import unicodedata

import phonenumbers
from babel.core import get_global

from bizsuite.records import folded

# As many characters as the columns hold. Beyond them nobody tells two texts apart.
MAX_EMAIL_KEY = 254
MAX_PHONE_KEY = 40
MAX_NAME_KEY = 200
# Fewer digits are an extension or a placeholder, and everybody's.
FEWEST_DIGITS = 6

# Letters that Unicode does not take apart into a plain one and a mark.
_PLAIN_LETTERS = str.maketrans({"ø": "o", "œ": "o", "æ": "a", "ł": "l", "đ": "d", "ð": "d"})
_UMLAUTS = re.compile("ae|oe|ue")


def email_key(email: str) -> str:
    """Without case and spaces."""
    return "".join(folded(email).split())[:MAX_EMAIL_KEY]


def phone_key(phone: str, region: str | None) -> str:
    """The first number in the text, as E.164; else its digits, which then are all there is.

    Nothing where these are fewer than FEWEST_DIGITS. region: the country (ISO 3166) of numbers
    that name none, or None if that is not known.
    """
    digits = "".join(str(unicodedata.digit(each)) for each in phone if each.isdecimal())
    if len(digits) < FEWEST_DIGITS:
        return ""
    parsed = _parsed(phone, region)
    if parsed is not None:
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return digits[:MAX_PHONE_KEY]


def _parsed(phone: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(phone, region)
        if phonenumbers.is_possible_number(number):
            return number
    except phonenumbers.NumberParseException:
        pass
    # Several numbers, or words between them.
    for match in phonenumbers.PhoneNumberMatcher(phone, region, phonenumbers.Leniency.POSSIBLE):
        return match.number
    return None


def name_key(name: str, company: str) -> str:
    """A person at a company, or a company alone; a person's name alone is too common to match.

    Case, spaces and punctuation do not count, nor how an umlaut is written: Müller is Mueller
    and Muller.
    """
    at = _plain(company)
    return f"{_plain(name)}|{at}"[:MAX_NAME_KEY] if at else ""


def _plain(text: str) -> str:
    taken_apart = unicodedata.normalize("NFKD", folded(text)).translate(_PLAIN_LETTERS)
    letters = "".join(each for each in taken_apart if not unicodedata.combining(each))
    words = " ".join(re.findall(r"\w+", letters))
    return _UMLAUTS.sub(lambda found: found[0][0], words)


def region_of(timezone: str) -> str | None:
    """The country of a time zone (Europe/Berlin: DE); None for UTC and the like."""
    country = get_global("zone_territories").get(timezone, "")
    return country if country in phonenumbers.SUPPORTED_REGIONS else None
