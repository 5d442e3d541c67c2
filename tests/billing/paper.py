"""Reading what is printed."""

import io

from pypdf import PdfReader


def pages_in(pdf: bytes) -> list[str]:
    """The text of each page, with single spaces."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages]


def text_in(pdf: bytes) -> str:
    return " ".join(pages_in(pdf))
