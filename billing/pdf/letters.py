"""Which letters paper can show. What our fonts have none for is a box, on every machine alike."""

import functools
import re
import struct
from collections.abc import Iterator
from pathlib import Path

FONTS = Path(__file__).parent / "fonts"
BOX = "\N{WHITE SQUARE}"
# Directions that somebody forces on what follows: a figure could be made to read backwards.
_OVERRIDES = "\u202a-\u202e\u2066-\u2069"
_CONTROLS = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f{_OVERRIDES}\ufeff\ufff9-\ufffb]")
# Shown by what they do to other letters, or by nothing.
_INVISIBLE = frozenset({*range(0x200B, 0x2010), 0x2060, 0xAD, *range(0xFE00, 0xFE10), 9, 10})


def printable(text: str) -> str:
    """Without control characters, and with a box for each letter that no font of ours has."""
    text = _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    if text.isascii():
        return text
    known = covered()
    return "".join(
        letter if ord(letter) in known or ord(letter) in _INVISIBLE else BOX for letter in text
    )


@functools.cache
def covered() -> frozenset[int]:
    """The code points that our fonts have letters for."""
    return frozenset(
        point for path in sorted(FONTS.glob("*.ttf")) for point in _points(path.read_bytes())
    )


def _points(font: bytes) -> Iterator[int]:
    """From a font's table of characters (OpenType, cmap; formats 4 and 12)."""
    table = _cmap_at(font)
    (count,) = struct.unpack_from(">H", font, table + 2)
    for index in range(count):
        (offset,) = struct.unpack_from(">I", font, table + 8 + 8 * index)
        yield from _subtable_points(font, table + offset)


def _cmap_at(font: bytes) -> int:
    (count,) = struct.unpack_from(">H", font, 4)
    for index in range(count):
        tag, _checksum, offset = struct.unpack_from(">4sII", font, 12 + 16 * index)
        if tag == b"cmap":
            return int(offset)
    raise ValueError("A font without a table of characters.")


def _subtable_points(font: bytes, at: int) -> Iterator[int]:
    (kind,) = struct.unpack_from(">H", font, at)
    if kind == 12:
        (count,) = struct.unpack_from(">I", font, at + 12)
        for index in range(count):
            first, last = struct.unpack_from(">II", font, at + 16 + 12 * index)
            yield from range(first, last + 1)
    elif kind == 4:
        count = struct.unpack_from(">H", font, at + 6)[0] // 2
        lasts = struct.unpack_from(f">{count}H", font, at + 14)
        firsts = struct.unpack_from(f">{count}H", font, at + 16 + 2 * count)
        for first, last in zip(firsts, lasts, strict=True):
            yield from range(first, last + 1)
