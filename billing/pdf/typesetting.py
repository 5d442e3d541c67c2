"""From a document's words and figures to the bytes of a PDF, with typst."""

import datetime
import functools
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst

from bizsuite.exact_json import encode

HERE = Path(__file__).parent
# One compiler per process, because it keeps the fonts; it serves one thread at a time.
_turn = threading.Lock()


def typeset(data: Mapping[str, Any], *, dated: datetime.datetime) -> bytes:
    """A PDF of `document.typ` filled with `data`: always the same bytes for the same input.

    dated: the instant that the file says it was made at.
    """
    with _turn:
        pdf = _compiler().compile(
            sys_inputs={"data": encode(data).decode()},
            format="pdf",
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
