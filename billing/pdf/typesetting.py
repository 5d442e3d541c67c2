"""From a document's words and figures to the bytes of a PDF, with typst."""

import datetime
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typst

from billing.pdf.letters import FONTS, printable
from bizsuite.exact_json import encode
from bizsuite.identity.models import Logo

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Attachment:
    """An XML file inside a PDF that says the same as its pages."""

    name: str
    description: str
    content: bytes


def typeset(
    data: Mapping[str, Any],
    *,
    dated: datetime.datetime,
    logo: Logo | None = None,
    attachment: Attachment | None = None,
) -> bytes:
    """A PDF of `document.typ` filled with `data`: always the same bytes for the same input.

    dated: the instant that the file says it was made at.
    attachment: with one it is a PDF/A-3b (ISO 19005-3), which may hold files and be kept for good.
    """
    inputs = {"data": encode(_printable(data)).decode()}
    if logo is not None:
        inputs["logo"] = _listed(bytes(logo.png))
    if attachment is not None:
        inputs["attachment"] = encode(
            {
                "name": attachment.name,
                "description": attachment.description,
                "content": attachment.content.decode(),
            }
        ).decode()
    pdf = typst.compile(
        str(HERE / "document.typ"),
        root=str(HERE),
        font_paths=_fonts(),
        format="pdf",
        sys_inputs=inputs,
        pdf_standards=["a-3b"] if attachment is not None else [],
        timestamp=int(dated.timestamp()),
    )
    assert isinstance(pdf, bytes)  # pages of other formats come as a list
    return pdf


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {name: _printable(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(each) for each in value]
    return value


@functools.lru_cache(maxsize=4)
def _listed(png: bytes) -> str:
    """As a list of its bytes: what is handed over has to be text."""
    return encode(list(png)).decode()


@functools.cache
def _fonts() -> typst.Fonts:
    """Ours alone: the same document looks the same on every machine."""
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)]
    )
