"""How a customer pays: bank details, the reference, and a code that their banking app reads."""

import re
from decimal import Decimal
from typing import Any

import segno
from django.utils.translation import gettext as _

from bizsuite.identity.models import Organisation

# Whose banks take SEPA credit transfers (European Payments Council, EPC409-09).
_SEPA = (
    "AD AL AT BE BG CH CY CZ DE DK EE ES FI FR GB GI GR HR HU IE IS IT LI LT LU LV MC MD ME MK "
    "MT NL NO PL PT RO RS SE SI SK SM VA"
)
SEPA_COUNTRIES = frozenset(_SEPA.split())
# As the code's guideline bounds them.
_LARGEST = Decimal("999999999.99")
_NAME_LENGTH, _TEXT_LENGTH = 70, 140
_MAX_BYTES = 331


def payment_words(
    seller: Organisation, *, sentence: str, reference: str, amount: Decimal | None, currency: str
) -> dict[str, Any] | None:
    """The panel that says where to pay; none where the settings say nothing of it.

    amount: what to pay in `currency`; None where that is the customer's choice.
    """
    details = [
        [_("Account holder"), seller.name],
        [_("Bank"), seller.bank_name],
        [_("IBAN") if seller.iban else _("Account number"), seller.bank_account],
        [_("BIC"), seller.bic],
    ]
    known = [[label, value] for label, value in details if value]
    if not seller.bank_account:
        known = []
    if not known and not seller.payment_instructions:
        return None
    code = None
    if amount is not None and currency == "EUR":
        code = transfer_code(seller, amount=amount, reference=reference)
    return {
        "title": _("How to pay"),
        "sentence": sentence,
        "details": [*known, [_("Reference"), reference]],
        "instructions": seller.payment_instructions,
        "code": code,
        "caption": _("Scan to pay with your banking app"),
    }


def transfer_code(seller: Organisation, *, amount: Decimal, reference: str) -> str | None:
    """A QR code that fills in a SEPA credit transfer, as SVG; None where there can be none."""
    if seller.iban[:2] not in SEPA_COUNTRIES or not 0 < amount <= _LARGEST:
        return None
    content = transfer_content(seller, amount=amount, reference=reference).encode()
    if len(content) > _MAX_BYTES:
        return None
    code = segno.make(content, error="m", boost_error=False, micro=False, mode="byte")
    return str(code.svg_inline(border=0, scale=4))


def transfer_content(seller: Organisation, *, amount: Decimal, reference: str) -> str:
    """What the code says, line by line.

    Source: EPC069-12, "Quick Response Code: Guidelines to Enable Data Capture for the Initiation
    of a SEPA Credit Transfer", version 002 (the BIC may be missing), UTF-8.
    """
    return "\n".join(
        (
            "BCD",
            "002",
            "1",  # UTF-8
            "SCT",
            seller.bic,
            _one_line(seller.name, _NAME_LENGTH),
            seller.iban,
            f"EUR{amount:.2f}",
            "",  # purpose
            "",  # structured reference, which ours is not
            _one_line(reference, _TEXT_LENGTH),
        )
    )


def _one_line(text: str, length: int) -> str:
    return re.sub(r"\s+", " ", text).strip()[:length]
