"""From a document's words and figures to the bytes of a PDF, with typst."""

import datetime
import functools
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typst

from bizsuite.exact_json import encode

HERE = Path(__file__).parent
# One compiler per process, because it keeps the fonts; it serves one thread at a time.
_turn = threading.Lock()


@dataclass(frozen=True, slots=True)
class Attachment:
    """An XML file inside a PDF that says the same as its pages."""

    name: str
    description: str
    content: bytes


def typeset(
    data: Mapping[str, Any], *, dated: datetime.datetime, attachment: Attachment | None = None
) -> bytes:
    """A PDF of `document.typ` filled with `data`: always the same bytes for the same input.

    dated: the instant that the file says it was made at.
    attachment: with one it is a PDF/A-3b, which may hold files and be kept for good. Letters that
    no font has raise typst.TypstError there.
    """
    inputs = {"data": encode(data).decode()}
    if attachment is not None:
        inputs["attachment"] = encode(
            {
                "name": attachment.name,
                "description": attachment.description,
                "content": attachment.content.decode(),
            }
        ).decode()
    with _turn:
        pdf = _compiler().compile(
            sys_inputs=inputs,
            format="pdf",
            pdf_standards=["a-3b"] if attachment is not None else [],
            timestamp=int(dated.timestamp()),
        )
    assert isinstance(pdf, bytes)  # pages of other formats come as a list
    return pdf


@functools.cache
def _compiler() -> typst.Compiler:
    """Our own fonts first; for scripts they have no letters of, those that the system has."""
    return typst.Compiler(
        input=str(HERE / "document.typ"), root=str(HERE), font_paths=[str(HERE / "fonts")]
    )
