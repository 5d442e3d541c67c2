"""Saying in a PDF that it is a Factur-X: which file in it is the invoice, by which profile.

Factur-X 1.0 (section 6) wants four properties in the XMP metadata, and PDF/A-3 (ISO 19005-3,
6.6.2.3) that every property is described there. typst can attach the file and write all else that
PDF/A wants, but knows no properties of others; so they are put into its metadata afterwards.
"""

import re

FILE_NAME = "factur-x.xml"
_NAMESPACE = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_PROPERTIES = {
    "DocumentType": ("INVOICE", "The type of the hybrid document"),
    "DocumentFileName": (FILE_NAME, "The name of the embedded XML document"),
    "Version": ("1.0", "The version of the standard applying to the embedded XML document"),
    "ConformanceLevel": ("EN 16931", "The conformance level of the embedded XML document"),
}
_END_OF_SCHEMAS = b"</rdf:Bag></pdfaExtension:schemas>"
_END_OF_PROPERTIES = b"</rdf:RDF>"


def declared(pdf: bytes) -> bytes:
    """The PDF with its metadata replaced, by an incremental update (ISO 32000-1, 7.5.6).

    pdf: as typst writes it: one table of cross references, metadata in plain text.
    """
    catalog = _found(rb"/Root (\d+) 0 R", pdf)
    metadata = _found(rb"\n%d 0 obj\n<<.*?/Metadata (\d+) 0 R" % int(catalog), pdf)
    trailer = _found(rb"\ntrailer\n<<(.*?)>>\nstartxref\n", pdf)
    previous = _found(rb"\nstartxref\n(\d+)\n%%EOF\s*$", pdf)
    xmp = _with_properties(
        _found(rb"\n%d 0 obj\n<<[^>]*>>\s*stream\n(.*?)\nendstream" % int(metadata), pdf)
    )
    body = pdf if pdf.endswith(b"\n") else pdf + b"\n"
    update = b"%s 0 obj\n<</Type/Metadata/Subtype/XML/Length %d>>\nstream\n%s\nendstream\nendobj\n"
    changed = body + update % (metadata, len(xmp), xmp)
    table = b"xref\n%s 1\n%010d 00000 n \ntrailer\n<<%s/Prev %s>>\nstartxref\n%d\n%%%%EOF\n"
    return changed + table % (metadata, len(body), trailer, previous, len(changed))


def _with_properties(xmp: bytes) -> bytes:
    """The packet with our properties, and with their description beside those that are there."""
    assert xmp.count(_END_OF_SCHEMAS) == xmp.count(_END_OF_PROPERTIES) == 1
    described = xmp.replace(_END_OF_SCHEMAS, _schema().encode() + _END_OF_SCHEMAS)
    return described.replace(_END_OF_PROPERTIES, _values().encode() + _END_OF_PROPERTIES)


def _schema() -> str:
    properties = "".join(
        '<rdf:li rdf:parseType="Resource">'
        f"<pdfaProperty:name>{name}</pdfaProperty:name>"
        "<pdfaProperty:valueType>Text</pdfaProperty:valueType>"
        "<pdfaProperty:category>external</pdfaProperty:category>"
        f"<pdfaProperty:description>{description}</pdfaProperty:description></rdf:li>"
        for name, (_, description) in _PROPERTIES.items()
    )
    return (
        '<rdf:li rdf:parseType="Resource">'
        "<pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>"
        f"<pdfaSchema:namespaceURI>{_NAMESPACE}</pdfaSchema:namespaceURI>"
        "<pdfaSchema:prefix>fx</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property></rdf:li>"
    )


def _values() -> str:
    values = "".join(f"<fx:{name}>{value}</fx:{name}>" for name, (value, _) in _PROPERTIES.items())
    return f'<rdf:Description rdf:about="" xmlns:fx="{_NAMESPACE}">{values}</rdf:Description>'


def _found(pattern: bytes, pdf: bytes) -> bytes:
    """What the last match of the pattern has in its group; there is one, or typst has changed."""
    found: list[bytes] = re.findall(pattern, pdf, re.DOTALL)
    return found[-1]
