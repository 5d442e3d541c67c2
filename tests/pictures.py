"""Pictures for tests, made without a library for them."""

import struct
import zlib


def png_of(width: int, height: int, *, claiming: tuple[int, int] | None = None) -> bytes:
    """A PNG of one colour that its editor left a note in. claiming: another size in its header."""
    rows = (b"\x00" + b"\x1d\x4e\xd8" * width) * height
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">IIBBBBB", *(claiming or (width, height)), 8, 2, 0, 0, 0)),
            _chunk(b"tEXt", b"Comment\x00left by its editor"),
            _chunk(b"IDAT", zlib.compress(rows)),
            _chunk(b"IEND", b""),
        ]
    )


def _chunk(name: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
    )
