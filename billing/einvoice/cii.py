"""An e-invoice in the syntax of UN/CEFACT, Cross Industry Invoice D16B, as Factur-X embeds it."""

import datetime

from billing.einvoice.figures import amount, number
from billing.einvoice.markup import Element, Writer
from billing.einvoice.terms import (
    EMAIL_SCHEME,
    Discount,
    EInvoice,
    Line,
    Party,
    Payment,
    Preceding,
    Tax,
    TaxTotal,
)

GUIDELINE = "urn:cen.eu:en16931:2017"
_xml = Writer(
    {
        "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
        "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
        "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
        "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    }
)
_element, _optional = _xml.element, _xml.optional


def as_cii(invoice: EInvoice) -> bytes:
    """As bytes of UTF-8, always the same for the same invoice."""
    return _xml.document(
        _element(
            "rsm:CrossIndustryInvoice",
            _element(
                "rsm:ExchangedDocumentContext",
                _element(
                    "ram:GuidelineSpecifiedDocumentContextParameter",
                    _element("ram:ID", GUIDELINE),
                ),
            ),
            _element(
                "rsm:ExchangedDocument",
                _element("ram:ID", invoice.number),
                _element("ram:TypeCode", invoice.type),
                _element("ram:IssueDateTime", _day(invoice.date)),
                _optional("ram:IncludedNote", _optional("ram:Content", invoice.note)),
            ),
            _element(
                "rsm:SupplyChainTradeTransaction",
                *(_line(line, invoice.currency) for line in invoice.lines),
                _agreement(invoice),
                _delivery(invoice),
                _settlement(invoice),
            ),
        )
    )


def _line(line: Line, currency: str) -> Element:
    per = number(line.per)
    return _element(
        "ram:IncludedSupplyChainTradeLineItem",
        _element("ram:AssociatedDocumentLineDocument", _element("ram:LineID", line.number)),
        _element("ram:SpecifiedTradeProduct", _element("ram:Name", line.name)),
        _element(
            "ram:SpecifiedLineTradeAgreement",
            _element(
                "ram:NetPriceProductTradePrice",
                _element("ram:ChargeAmount", number(line.price)),
                _optional("ram:BasisQuantity", per, unitCode=line.unit),
            ),
        ),
        _element(
            "ram:SpecifiedLineTradeDelivery",
            _element("ram:BilledQuantity", number(line.quantity), unitCode=line.unit),
        ),
        _element(
            "ram:SpecifiedLineTradeSettlement",
            _tax("ram:ApplicableTradeTax", line.tax),
            _allowance(amount(line.discount, currency)) if line.discount else None,
            _element(
                "ram:SpecifiedTradeSettlementLineMonetarySummation",
                _element("ram:LineTotalAmount", amount(line.net, currency)),
            ),
        ),
    )


def _agreement(invoice: EInvoice) -> Element:
    return _element(
        "ram:ApplicableHeaderTradeAgreement",
        _party("ram:SellerTradeParty", invoice.seller),
        _party("ram:BuyerTradeParty", invoice.buyer),
        _optional(
            "ram:BuyerOrderReferencedDocument", _optional("ram:IssuerAssignedID", invoice.order)
        ),
    )


def _party(name: str, party: Party) -> Element:
    # BT-35 and so on: one element for each of the three lines.
    lines = zip(("One", "Two", "Three"), party.address, strict=False)
    return _element(
        name,
        _optional("ram:ID", party.identifier),
        _element("ram:Name", party.name),
        _optional("ram:SpecifiedLegalOrganization", _optional("ram:ID", party.registration)),
        _optional(
            "ram:DefinedTradeContact",
            _optional("ram:PersonName", party.contact),
            _optional(
                "ram:TelephoneUniversalCommunication",
                _optional("ram:CompleteNumber", party.phone),
            ),
            _optional("ram:EmailURIUniversalCommunication", _optional("ram:URIID", party.email)),
        ),
        _element(
            "ram:PostalTradeAddress",
            _optional("ram:PostcodeCode", party.zip),
            *(_optional(f"ram:Line{which}", line) for which, line in lines),
            _optional("ram:CityName", party.city),
            _element("ram:CountryID", party.country),
            _optional("ram:CountrySubDivisionName", party.state),
        ),
        _optional(
            "ram:URIUniversalCommunication",
            _optional("ram:URIID", party.email, schemeID=EMAIL_SCHEME),
        ),
        _optional("ram:SpecifiedTaxRegistration", _optional("ram:ID", party.vat_id, schemeID="VA")),
        _optional(
            "ram:SpecifiedTaxRegistration", _optional("ram:ID", party.tax_number, schemeID="FC")
        ),
    )


def _delivery(invoice: EInvoice) -> Element:
    return _element(
        "ram:ApplicableHeaderTradeDelivery",
        _element(
            "ram:ActualDeliverySupplyChainEvent",
            _element("ram:OccurrenceDateTime", _day(invoice.supply_date)),
        ),
    )


def _settlement(invoice: EInvoice) -> Element:
    currency = invoice.currency
    return _element(
        "ram:ApplicableHeaderTradeSettlement",
        _element("ram:PaymentReference", invoice.number),
        _optional("ram:TaxCurrencyCode", invoice.tax_currency),
        _element("ram:InvoiceCurrencyCode", currency),
        _payment(invoice.payment) if invoice.payment else None,
        *(_tax_total(each, currency) for each in invoice.taxes),
        *(_discount(each, currency) for each in invoice.discounts),
        _terms(invoice),
        _sums(invoice),
        _preceding(invoice.preceding) if invoice.preceding else None,
    )


def _terms(invoice: EInvoice) -> Element | None:
    due = invoice.due_date
    return _optional(
        "ram:SpecifiedTradePaymentTerms",
        _optional("ram:Description", invoice.terms),
        _element("ram:DueDateDateTime", _day(due)) if due else None,
    )


def _preceding(preceding: Preceding) -> Element:
    return _element(
        "ram:InvoiceReferencedDocument",
        _element("ram:IssuerAssignedID", preceding.number),
        _element("ram:FormattedIssueDateTime", _day(preceding.date, kind="qdt")),
    )


def _payment(payment: Payment) -> Element:
    return _element(
        "ram:SpecifiedTradeSettlementPaymentMeans",
        _element("ram:TypeCode", payment.code),
        _optional("ram:Information", payment.text),
        _optional(
            "ram:PayeePartyCreditorFinancialAccount",
            _optional("ram:IBANID", payment.iban),
            _optional("ram:AccountName", payment.account_name),
            _optional("ram:ProprietaryID", payment.account_number),
        ),
        _optional(
            "ram:PayeeSpecifiedCreditorFinancialInstitution",
            _optional("ram:BICID", payment.bic),
        ),
    )


def _tax(name: str, tax: Tax) -> Element:
    return _element(
        name,
        _element("ram:TypeCode", "VAT"),
        _element("ram:CategoryCode", tax.category),
        _optional("ram:RateApplicablePercent", number(tax.rate)),
    )


def _tax_total(total: TaxTotal, currency: str) -> Element:
    return _element(
        "ram:ApplicableTradeTax",
        _element("ram:CalculatedAmount", amount(total.tax, currency)),
        _element("ram:TypeCode", "VAT"),
        _optional("ram:ExemptionReason", total.reason),
        _element("ram:BasisAmount", amount(total.net, currency)),
        _element("ram:CategoryCode", total.kind.category),
        _optional("ram:ExemptionReasonCode", total.reason_code),
        _optional("ram:RateApplicablePercent", number(total.kind.rate)),
    )


def _discount(discount: Discount, currency: str) -> Element:
    return _allowance(amount(discount.amount, currency), _tax("ram:CategoryTradeTax", discount.tax))


def _allowance(off: str, tax: Element | None = None) -> Element:
    return _element(
        "ram:SpecifiedTradeAllowanceCharge",
        _element("ram:ChargeIndicator", _element("udt:Indicator", "false")),
        _element("ram:ActualAmount", off),
        _element("ram:ReasonCode", "95"),  # UNTDID 5189: a discount
        _element("ram:Reason", "Discount"),
        tax,
    )


def _sums(invoice: EInvoice) -> Element:
    currency, own = invoice.currency, invoice.tax_currency
    discount = amount(invoice.discount, currency) if invoice.discounts else None
    in_own = (
        None if invoice.tax_in_tax_currency is None else amount(invoice.tax_in_tax_currency, own)
    )
    return _element(
        "ram:SpecifiedTradeSettlementHeaderMonetarySummation",
        _element("ram:LineTotalAmount", amount(invoice.line_total, currency)),
        _optional("ram:AllowanceTotalAmount", discount),
        _element("ram:TaxBasisTotalAmount", amount(invoice.net, currency)),
        _element("ram:TaxTotalAmount", amount(invoice.tax, currency), currencyID=currency),
        _optional("ram:TaxTotalAmount", in_own, currencyID=own),
        _element("ram:GrandTotalAmount", amount(invoice.total, currency)),
        _element("ram:DuePayableAmount", amount(invoice.total, currency)),
    )


def _day(date: datetime.date, *, kind: str = "udt") -> Element:
    """format: 102 is CCYYMMDD."""
    return _element(f"{kind}:DateTimeString", date.isoformat().replace("-", ""), format="102")
