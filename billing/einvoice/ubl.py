"""An e-invoice in the syntax of OASIS, UBL 2.1: an Invoice or a CreditNote."""

from decimal import Decimal

from billing.einvoice.figures import amount, number
from billing.einvoice.markup import Element, Writer
from billing.einvoice.terms import (
    EMAIL_SCHEME,
    Discount,
    DocumentType,
    EInvoice,
    Line,
    Party,
    Payment,
    Tax,
    TaxTotal,
)

CUSTOMIZATION = "urn:cen.eu:en16931:2017"
_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
_xml = Writer(
    {
        "cac": f"{_UBL}CommonAggregateComponents-2",
        "cbc": f"{_UBL}CommonBasicComponents-2",
        "inv": f"{_UBL}Invoice-2",
        "cn": f"{_UBL}CreditNote-2",
    }
)
_element, _optional = _xml.element, _xml.optional


def as_ubl(invoice: EInvoice) -> bytes:
    """As bytes of UTF-8, always the same for the same invoice."""
    is_invoice = invoice.type == DocumentType.INVOICE
    kind = "Invoice" if is_invoice else "CreditNote"
    due = invoice.due_date.isoformat() if invoice.due_date and is_invoice else None
    return _xml.document(
        _element(
            f"inv:{kind}" if is_invoice else f"cn:{kind}",
            _element("cbc:UBLVersionID", "2.1"),
            _element("cbc:CustomizationID", CUSTOMIZATION),
            _element("cbc:ID", invoice.number),
            _element("cbc:IssueDate", invoice.date.isoformat()),
            _optional("cbc:DueDate", due),
            _element(f"cbc:{kind}TypeCode", invoice.type),
            _optional("cbc:Note", invoice.note),
            _element("cbc:DocumentCurrencyCode", invoice.currency),
            _optional("cbc:TaxCurrencyCode", invoice.tax_currency),
            _optional("cac:OrderReference", _optional("cbc:ID", invoice.order)),
            _preceding(invoice),
            _element("cac:AccountingSupplierParty", _party(invoice.seller)),
            _element("cac:AccountingCustomerParty", _party(invoice.buyer)),
            _delivery(invoice),
            _payment(invoice.payment, invoice.number) if invoice.payment else None,
            _optional("cac:PaymentTerms", _optional("cbc:Note", invoice.terms)),
            *(_discount(each, invoice.currency) for each in invoice.discounts),
            *_tax_totals(invoice),
            _sums(invoice),
            *(_line(line, invoice) for line in invoice.lines),
        )
    )


def _preceding(invoice: EInvoice) -> Element | None:
    if invoice.preceding is None:
        return None
    return _element(
        "cac:BillingReference",
        _element(
            "cac:InvoiceDocumentReference",
            _element("cbc:ID", invoice.preceding.number),
            _element("cbc:IssueDate", invoice.preceding.date.isoformat()),
        ),
    )


def _party(party: Party) -> Element:
    first, second, third = (*party.address, "", "", "")[:3]
    return _element(
        "cac:Party",
        _optional("cbc:EndpointID", party.email, schemeID=EMAIL_SCHEME),
        _optional("cac:PartyIdentification", _optional("cbc:ID", party.identifier)),
        _element(
            "cac:PostalAddress",
            _optional("cbc:StreetName", first),
            _optional("cbc:AdditionalStreetName", second),
            _optional("cbc:CityName", party.city),
            _optional("cbc:PostalZone", party.zip),
            _optional("cbc:CountrySubentity", party.state),
            _optional("cac:AddressLine", _optional("cbc:Line", third)),
            _element("cac:Country", _element("cbc:IdentificationCode", party.country)),
        ),
        _registered(party.vat_id, "VAT"),
        # Whatever is not "VAT" is a number of another kind (BT-32).
        _registered(party.tax_number, "LOC"),
        _element(
            "cac:PartyLegalEntity",
            _element("cbc:RegistrationName", party.name),
            _optional("cbc:CompanyID", party.registration),
        ),
        _optional(
            "cac:Contact",
            _optional("cbc:Name", party.contact),
            _optional("cbc:Telephone", party.phone),
            _optional("cbc:ElectronicMail", party.email),
        ),
    )


def _registered(number_of_it: str, scheme: str) -> Element | None:
    if not number_of_it:
        return None
    return _element(
        "cac:PartyTaxScheme",
        _element("cbc:CompanyID", number_of_it),
        _element("cac:TaxScheme", _element("cbc:ID", scheme)),
    )


def _delivery(invoice: EInvoice) -> Element:
    return _element(
        "cac:Delivery", _element("cbc:ActualDeliveryDate", invoice.supply_date.isoformat())
    )


def _payment(payment: Payment, reference: str) -> Element:
    named = {"name": payment.text} if payment.text else {}
    return _element(
        "cac:PaymentMeans",
        _element("cbc:PaymentMeansCode", payment.code, **named),
        _element("cbc:PaymentID", reference),
        _optional(
            "cac:PayeeFinancialAccount",
            _optional("cbc:ID", payment.iban or payment.account_number),
            _optional("cbc:Name", payment.account_name),
            _optional("cac:FinancialInstitutionBranch", _optional("cbc:ID", payment.bic)),
        ),
    )


def _tax(name: str, tax: Tax, *reasons: Element | None) -> Element:
    return _element(
        name,
        _element("cbc:ID", tax.category),
        _optional("cbc:Percent", number(tax.rate)),
        *reasons,
        _element("cac:TaxScheme", _element("cbc:ID", "VAT")),
    )


def _tax_totals(invoice: EInvoice) -> list[Element]:
    totals = [
        _element(
            "cac:TaxTotal",
            _amount("cbc:TaxAmount", invoice.tax, invoice.currency),
            *(_tax_total(each, invoice.currency) for each in invoice.taxes),
        )
    ]
    if invoice.tax_in_tax_currency is not None:
        own = _amount("cbc:TaxAmount", invoice.tax_in_tax_currency, invoice.tax_currency)
        totals.append(_element("cac:TaxTotal", own))
    return totals


def _tax_total(total: TaxTotal, currency: str) -> Element:
    return _element(
        "cac:TaxSubtotal",
        _amount("cbc:TaxableAmount", total.net, currency),
        _amount("cbc:TaxAmount", total.tax, currency),
        _tax(
            "cac:TaxCategory",
            total.kind,
            _optional("cbc:TaxExemptionReasonCode", total.reason_code),
            _optional("cbc:TaxExemptionReason", total.reason),
        ),
    )


def _discount(discount: Discount, currency: str) -> Element:
    return _allowance(discount.amount, currency, _tax("cac:TaxCategory", discount.tax))


def _allowance(off: Decimal, currency: str, tax: Element | None = None) -> Element:
    return _element(
        "cac:AllowanceCharge",
        _element("cbc:ChargeIndicator", "false"),
        _element("cbc:AllowanceChargeReasonCode", "95"),  # UNTDID 5189: a discount
        _element("cbc:AllowanceChargeReason", "Discount"),
        _amount("cbc:Amount", off, currency),
        tax,
    )


def _sums(invoice: EInvoice) -> Element:
    currency = invoice.currency
    return _element(
        "cac:LegalMonetaryTotal",
        _amount("cbc:LineExtensionAmount", invoice.line_total, currency),
        _amount("cbc:TaxExclusiveAmount", invoice.net, currency),
        _amount("cbc:TaxInclusiveAmount", invoice.total, currency),
        _amount("cbc:AllowanceTotalAmount", invoice.discount, currency)
        if invoice.discounts
        else None,
        _amount("cbc:PayableAmount", invoice.total, currency),
    )


def _line(line: Line, invoice: EInvoice) -> Element:
    currency = invoice.currency
    kind, billed = (
        ("InvoiceLine", "InvoicedQuantity")
        if invoice.type == DocumentType.INVOICE
        else ("CreditNoteLine", "CreditedQuantity")
    )
    return _element(
        f"cac:{kind}",
        _element("cbc:ID", line.number),
        _element(f"cbc:{billed}", number(line.quantity), unitCode=line.unit),
        _amount("cbc:LineExtensionAmount", line.net, currency),
        _allowance(line.discount, currency) if line.discount else None,
        _element(
            "cac:Item",
            _element("cbc:Name", line.name),
            _tax("cac:ClassifiedTaxCategory", line.tax),
        ),
        _element(
            "cac:Price",
            _element("cbc:PriceAmount", number(line.price), currencyID=currency),
            _optional("cbc:BaseQuantity", number(line.per), unitCode=line.unit),
        ),
    )


def _amount(name: str, value: Decimal, currency: str) -> Element:
    return _element(name, amount(value, currency), currencyID=currency)
