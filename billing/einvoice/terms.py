"""The terms of EN 16931-1, as far as our documents have something to say in them.

Named by their meaning; the standard's number (BT for a term, BG for a group) stands beside it.
Amounts are exact, in the document's currency unless said otherwise.
"""

import datetime
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

# Where to be reached electronically, by the list of Electronic Address Schemes: by e-mail.
EMAIL_SCHEME = "EM"


class DocumentType(StrEnum):
    """BT-3, of UNTDID 1001."""

    INVOICE = "380"
    CREDIT_NOTE = "381"


class Category(StrEnum):
    """BT-118 and its like, of UNTDID 5305."""

    STANDARD = "S"
    ZERO = "Z"
    EXEMPT = "E"
    REVERSE_CHARGE = "AE"
    OUTSIDE_SCOPE = "O"


class PaymentCode(StrEnum):
    """BT-81, of UNTDID 4461."""

    UNDEFINED = "1"
    CREDIT_TRANSFER = "30"
    SEPA_CREDIT_TRANSFER = "58"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """BG-4 and BG-7. What is not known is empty."""

    name: str  # BT-27, BT-44
    identifier: str = ""  # BT-29
    registration: str = ""  # BT-30
    vat_id: str = ""  # BT-31, BT-48: begins with its country's code
    tax_number: str = ""  # BT-32: any other tax id of a seller
    address: tuple[str, ...] = ()  # BT-35 and BT-36, BT-50 and BT-51, three lines at most
    city: str = ""  # BT-37, BT-52
    zip: str = ""  # BT-38, BT-53
    state: str = ""  # BT-39, BT-54
    country: str = ""  # BT-40, BT-55
    contact: str = ""  # BT-41, BT-56
    phone: str = ""  # BT-42, BT-57
    email: str = ""  # BT-43, BT-58; BT-34, BT-49 as well


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """BG-16: how to pay."""

    code: PaymentCode
    text: str = ""  # BT-82
    iban: str = ""  # BT-84, where it is one
    account_number: str = ""  # BT-84, where it is of another kind
    account_name: str = ""  # BT-85
    bic: str = ""  # BT-86


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """Which tax something bears. rate: percent, None where there is no tax to have one."""

    category: Category
    rate: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """BG-25: `net` = `quantity` × `price` ÷ `per` − `discount`."""

    number: str  # BT-126
    name: str  # BT-153
    quantity: Decimal  # BT-129
    unit: str  # BT-130
    price: Decimal  # BT-146, without tax
    per: Decimal | None  # BT-149: of how many; None is of one
    discount: Decimal  # BT-136
    net: Decimal  # BT-131
    tax: Tax  # BG-30


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """BG-20: what is taken off all that bears one tax."""

    amount: Decimal  # BT-92
    tax: Tax


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxTotal:
    """BG-23: what one tax comes to."""

    kind: Tax  # BT-118, BT-119
    net: Decimal  # BT-116
    tax: Decimal  # BT-117
    reason: str = ""  # BT-120
    reason_code: str = ""  # BT-121


@dataclass(frozen=True, slots=True, kw_only=True)
class Preceding:
    """BG-3: the invoice that a credit note is about."""

    number: str  # BT-25
    date: datetime.date  # BT-26


@dataclass(frozen=True, slots=True, kw_only=True)
class EInvoice:
    """An invoice or credit note as EN 16931 sees it."""

    number: str  # BT-1
    date: datetime.date  # BT-2
    supply_date: datetime.date  # BT-72
    type: DocumentType  # BT-3
    currency: str  # BT-5
    seller: Party
    buyer: Party
    lines: tuple[Line, ...]
    taxes: tuple[TaxTotal, ...]
    discounts: tuple[Discount, ...]
    net: Decimal  # BT-109
    tax: Decimal  # BT-110
    total: Decimal  # BT-112; BT-115 too: it is the document as issued, nothing is paid yet
    tax_currency: str = ""  # BT-6
    tax_in_tax_currency: Decimal | None = None  # BT-111, in that
    due_date: datetime.date | None = None  # BT-9
    order: str = ""  # BT-13
    terms: str = ""  # BT-20
    note: str = ""  # BT-22
    preceding: Preceding | None = None
    payment: Payment | None = None
    line_total: Decimal = field(init=False)  # BT-106
    discount: Decimal = field(init=False)  # BT-107

    def __post_init__(self) -> None:
        nothing = Decimal(0)
        object.__setattr__(self, "line_total", sum((line.net for line in self.lines), nothing))
        taken_off = sum((each.amount for each in self.discounts), nothing)
        object.__setattr__(self, "discount", taken_off)
