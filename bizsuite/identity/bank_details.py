"""What a bank account is called, checked where a slip would send money astray."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from stdnum import bic as bic_codes
from stdnum import iban as ibans
from stdnum.exceptions import InvalidChecksum, InvalidLength
from stdnum.exceptions import ValidationError as NumberError

# Two letters and two digits begin no account number but an IBAN (ISO 13616).
_LOOKS_LIKE_IBAN = re.compile(r"[A-Za-z]{2}\s*[0-9]{2}")
_ACCOUNT_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./-]*")


def is_iban(account: str) -> bool:
    """Whether it is meant as one, right or wrong."""
    return _LOOKS_LIKE_IBAN.match(account) is not None


def compact_iban(account: str) -> str:
    """As machines read it: DE89370400440532013000."""
    compact: str = ibans.compact(account)
    return compact


def compact_bic(code: str) -> str:
    compact: str = bic_codes.compact(code)
    return compact


def grouped_iban(account: str) -> str:
    """In groups of four, as it is printed: DE89 3704 0044 0532 0130 00."""
    compact = compact_iban(account)
    return " ".join(compact[start : start + 4] for start in range(0, len(compact), 4))


def validate_bank_account(account: str) -> None:
    """An IBAN with its checksum and its country's length, or the number of an account elsewhere.

    Raises ValidationError that says which it fails.
    """
    if not is_iban(account):
        if not _ACCOUNT_NUMBER.fullmatch(account):
            raise ValidationError(
                _("An account number has letters, digits, spaces, dots, dashes and slashes only.")
            )
        return
    try:
        ibans.validate(account)
    except InvalidChecksum:
        raise ValidationError(
            _("The IBAN's check digits do not fit: a character is mistyped or missing.")
        ) from None
    except InvalidLength:
        raise ValidationError(_("The IBAN is too short or too long.")) from None
    except NumberError:
        raise ValidationError(
            _("This is no IBAN of its country: compare it with the bank's.")
        ) from None


def validate_bic(code: str) -> None:
    """8 or 11 characters with a country in them (ISO 9362). Raises ValidationError."""
    if not bic_codes.is_valid(code):
        raise ValidationError(
            _("A BIC has 8 or 11 characters: bank, country, place and branch, such as COBADEFFXXX.")
        )
