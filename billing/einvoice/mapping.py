"""From our documents to the terms of EN 16931. Nothing is computed anew that the document says."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from billing.einvoice.figures import DECIMALS_OF_AMOUNTS
from billing.einvoice.markup import writable
from billing.einvoice.parties import buyer_party, seller_party
from billing.einvoice.terms import (
    Category,
    Discount,
    DocumentType,
    EInvoice,
    Line,
    Payment,
    PaymentCode,
    Preceding,
    Tax,
    TaxTotal,
)
from billing.exchange import converted
from billing.models import CreditNote, CreditNoteItem, Invoice, InvoiceItem
from billing.models.items import DocumentTax
from billing.models.tax_categories import TaxCategory
from bizsuite.identity.models import Organisation
from bizsuite.money import has_at_most, round_money, split_by_weight

Document = Invoice | CreditNote

CATEGORIES = {
    TaxCategory.STANDARD: Category.STANDARD,
    TaxCategory.ZERO: Category.ZERO,
    TaxCategory.EXEMPT: Category.EXEMPT,
    TaxCategory.REVERSE_CHARGE: Category.REVERSE_CHARGE,
    TaxCategory.OUTSIDE_SCOPE: Category.OUTSIDE_SCOPE,
}
# Of the code list VATEX, where the category alone says which it is.
_REASON_CODES = {
    Category.REVERSE_CHARGE: "VATEX-EU-AE",
    Category.OUTSIDE_SCOPE: "VATEX-EU-O",
}
# UN/ECE Recommendation 20: "one".
_ONE = "C62"
_NOTHING = Decimal(0)


def invoice_terms(invoice: Invoice, *, seller: Organisation) -> EInvoice:
    """seller: as it was when the invoice was issued, with today's bank account."""
    nets = _nets_before_discount(invoice)
    return EInvoice(
        type=DocumentType.INVOICE,
        lines=tuple(_line(item, nets[item.pk], invoice) for item in invoice.items.all()),
        discounts=tuple(
            Discount(amount=tax.discount, tax=_tax(tax.category, tax.rate))
            for tax in invoice.taxes.all()
            if tax.discount
        ),
        due_date=invoice.due_date,
        order=invoice.reference,
        note=invoice.notes,
        supply_date=_supplied_on(invoice),
        payment=_payment(seller, invoice.currency),
        **_what_both_say(invoice, seller),
    )


def credit_note_terms(note: CreditNote, *, seller: Organisation) -> EInvoice:
    """Its amounts are as positive as those of an invoice: its type says which way they go."""
    return EInvoice(
        type=DocumentType.CREDIT_NOTE,
        lines=tuple(_credited(item) for item in note.items.all()),
        discounts=(),
        note=note.reason,
        terms=f"Credited against invoice {note.invoice.number}",
        supply_date=_supplied_on(note.invoice),
        preceding=Preceding(number=str(note.invoice.number), date=note.invoice.date),
        **_what_both_say(note, seller),
    )


def _what_both_say(document: Document, seller: Organisation) -> dict[str, Any]:
    taxes: Sequence[DocumentTax] = list(document.taxes.all())
    outside = any(tax.category == TaxCategory.OUTSIDE_SCOPE for tax in taxes)
    return {
        "number": str(document.number),
        "date": document.date,
        "currency": document.currency,
        "seller": seller_party(seller, outside_scope=outside),
        "buyer": buyer_party(document.customer_details, outside_scope=outside),
        "taxes": tuple(_tax_total(tax) for tax in taxes),
        "net": document.subtotal,
        "tax": document.tax,
        "total": document.amount,
        **_in_own_currency(document, seller.currency),
    }


def _supplied_on(invoice: Invoice) -> datetime.date:
    """The day of the invoice, unless another one is named."""
    return invoice.supply_date or invoice.date


def _in_own_currency(document: Document, currency: str) -> dict[str, Any]:
    """The tax as it is declared. Left out where the standard has too few decimals to say it."""
    if document.currency == currency:
        return {}
    tax = converted(document.tax, document.exchange_rate, currency)
    if not has_at_most(tax, DECIMALS_OF_AMOUNTS):
        return {}
    return {"tax_currency": currency, "tax_in_tax_currency": tax}


def _nets_before_discount(invoice: Invoice) -> dict[int, Decimal]:
    """What each item comes to without tax, before the document's discount.

    For prices without tax that is the item's total. Where the tax is in them it is the item's
    share of the net, so that the lines add up to the document's to the cent.
    """
    nets: dict[int, Decimal] = {}
    for tax in invoice.taxes.all():
        items = [item for item in invoice.items.all() if item.tax_key == tax.key]
        shares = split_by_weight(
            tax.net + tax.discount, [item.total for item in items], invoice.currency
        )
        nets |= {item.pk: share for item, share in zip(items, shares, strict=True)}
    return nets


def _line(item: InvoiceItem, net: Decimal, invoice: Invoice) -> Line:
    discount = item.discount
    if discount and invoice.tax_inclusive:
        before = Fraction(item.total + discount) * 100 / (100 + Fraction(item.tax_rate))
        discount = max(round_money(before, invoice.currency) - net, _NOTHING)
    return Line(
        number=str(item.position),
        name=_name(item.description, item.position),
        unit=item.unit,
        discount=discount,
        net=net,
        tax=_tax(item.tax_category, item.tax_rate),
        **_price(item.amount, item.quantity, net + discount, invoice.currency),
    )


def _credited(item: CreditNoteItem) -> Line:
    its = item.invoice_item
    # Where only the price is lowered, one thing of that price is credited.
    quantity = item.quantity or Decimal(1)
    return Line(
        number=str(item.position),
        name=_name(its.description, item.position),
        unit=its.unit if item.quantity else _ONE,
        discount=_NOTHING,
        net=item.total,
        tax=_tax(its.tax_category, its.tax_rate),
        **_price(its.amount, quantity, item.total, item.currency),
    )


def _price(price: Decimal, quantity: Decimal, total: Decimal, currency: str) -> dict[str, Any]:
    """The price of one where that comes to `total`, else `total` as the price of so many.

    A price that includes tax, or of which a part is credited, has no exact price of one.
    """
    if round_money(price * quantity, currency) == total:
        return {"price": price, "quantity": quantity, "per": None}
    return {"price": total, "quantity": quantity, "per": None if quantity == 1 else quantity}


def _tax(category: str, rate: Decimal) -> Tax:
    code = CATEGORIES[TaxCategory(category)]
    # BR-O-05: what is outside the scope of tax has no rate, not even 0.
    return Tax(category=code, rate=None if code == Category.OUTSIDE_SCOPE else rate)


def _tax_total(tax: DocumentTax) -> TaxTotal:
    kind = _tax(tax.category, tax.rate)
    return TaxTotal(
        kind=kind,
        net=tax.net,
        tax=tax.tax,
        reason=tax.exemption_reason,
        reason_code=_REASON_CODES.get(kind.category, ""),
    )


def _payment(seller: Organisation, currency: str) -> Payment:
    text = seller.payment_instructions
    if not seller.bank_account:
        return Payment(code=PaymentCode.UNDEFINED, text=text)
    sepa = seller.iban and currency == "EUR"
    return Payment(
        code=PaymentCode.SEPA_CREDIT_TRANSFER if sepa else PaymentCode.CREDIT_TRANSFER,
        text=text,
        iban=seller.iban,
        account_number="" if seller.iban else seller.bank_account,
        account_name=seller.name,
        bic=seller.bic,
    )


def _name(description: str, position: int) -> str:
    return description if writable(description) else f"Item {position}"
