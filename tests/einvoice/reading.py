"""Reading e-invoices as a stranger's program would: by the paths of the standard, in exact numbers."""

from dataclasses import dataclass
from decimal import Decimal

from lxml import etree

CII = {
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
}
_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
UBL = {
    "cac": f"{_UBL}CommonAggregateComponents-2",
    "cbc": f"{_UBL}CommonBasicComponents-2",
}
_CII_SUMS = "//ram:SpecifiedTradeSettlementHeaderMonetarySummation"
_UBL_SUMS = "/*/cac:LegalMonetaryTotal"


@dataclass(frozen=True)
class Read:
    """What both syntaxes say; None where nothing is said."""

    line_total: Decimal
    discount: Decimal | None
    net: Decimal
    tax: Decimal
    total: Decimal
    payable: Decimal
    lines: list[tuple[Decimal, Decimal, Decimal, Decimal, Decimal]]
    taxes: list[tuple[str, Decimal | None, Decimal, Decimal]]


def read(xml: bytes) -> Read:
    root = etree.fromstring(xml)
    return _read_cii(root) if root.tag.endswith("CrossIndustryInvoice") else _read_ubl(root)


def texts(xml: bytes, path: str) -> list[str]:
    root = etree.fromstring(xml)
    found = root.xpath(path, namespaces=CII | UBL)
    return [each if isinstance(each, str) else each.text for each in found]


def _read_cii(root: etree._Element) -> Read:
    def one(node: etree._Element, path: str) -> Decimal | None:
        return _number(node, path, CII)

    return Read(
        line_total=one(root, f"{_CII_SUMS}/ram:LineTotalAmount"),
        discount=one(root, f"{_CII_SUMS}/ram:AllowanceTotalAmount"),
        net=one(root, f"{_CII_SUMS}/ram:TaxBasisTotalAmount"),
        tax=one(root, f"{_CII_SUMS}/ram:TaxTotalAmount[1]"),
        total=one(root, f"{_CII_SUMS}/ram:GrandTotalAmount"),
        payable=one(root, f"{_CII_SUMS}/ram:DuePayableAmount"),
        lines=[
            (
                one(line, ".//ram:BilledQuantity"),
                one(line, ".//ram:ChargeAmount"),
                one(line, ".//ram:BasisQuantity") or Decimal(1),
                one(line, ".//ram:SpecifiedTradeAllowanceCharge/ram:ActualAmount") or Decimal(0),
                one(line, ".//ram:LineTotalAmount"),
            )
            for line in root.iterfind(".//ram:IncludedSupplyChainTradeLineItem", CII)
        ],
        taxes=[
            (
                tax.findtext("ram:CategoryCode", namespaces=CII),
                one(tax, "ram:RateApplicablePercent"),
                one(tax, "ram:BasisAmount"),
                one(tax, "ram:CalculatedAmount"),
            )
            for tax in root.iterfind(
                ".//ram:ApplicableHeaderTradeSettlement/ram:ApplicableTradeTax", CII
            )
        ],
    )


def _read_ubl(root: etree._Element) -> Read:
    def one(node: etree._Element, path: str) -> Decimal | None:
        return _number(node, path, UBL)

    return Read(
        line_total=one(root, f"{_UBL_SUMS}/cbc:LineExtensionAmount"),
        discount=one(root, f"{_UBL_SUMS}/cbc:AllowanceTotalAmount"),
        net=one(root, f"{_UBL_SUMS}/cbc:TaxExclusiveAmount"),
        tax=one(root, "/*/cac:TaxTotal[1]/cbc:TaxAmount"),
        total=one(root, f"{_UBL_SUMS}/cbc:TaxInclusiveAmount"),
        payable=one(root, f"{_UBL_SUMS}/cbc:PayableAmount"),
        lines=[
            (
                one(line, "cbc:InvoicedQuantity | cbc:CreditedQuantity"),
                one(line, "cac:Price/cbc:PriceAmount"),
                one(line, "cac:Price/cbc:BaseQuantity") or Decimal(1),
                one(line, "cac:AllowanceCharge/cbc:Amount") or Decimal(0),
                one(line, "cbc:LineExtensionAmount"),
            )
            for line in root.xpath("/*/cac:InvoiceLine | /*/cac:CreditNoteLine", namespaces=UBL)
        ],
        taxes=[
            (
                tax.findtext("cac:TaxCategory/cbc:ID", namespaces=UBL),
                one(tax, "cac:TaxCategory/cbc:Percent"),
                one(tax, "cbc:TaxableAmount"),
                one(tax, "cbc:TaxAmount"),
            )
            for tax in root.iterfind(".//cac:TaxSubtotal", UBL)
        ],
    )


def _number(node: etree._Element, path: str, namespaces: dict[str, str]) -> Decimal | None:
    found = node.xpath(path, namespaces=namespaces)
    return Decimal(found[0].text) if found else None
