"""A logo that somebody uploads: drawn anew into a PNG of our own, so that nothing else of it stays.

Whatever a file claims to be, it is what it begins with. PNG and JPEG are decoded and encoded again;
an SVG is drawn once, after one that would run, fetch or explode has been refused. What explodes all
the same does so in a process of its own (`drawing.py`).
"""

import hashlib
import re
import struct
import xml.etree.ElementTree as ElementTree

from bizsuite.errors import Invalid
from bizsuite.identity.models import Logo, Organisation
from bizsuite.team.drawing import NotDrawn, drawn_png

MAX_BYTES = 2_000_000
# Decoded, a pixel takes four bytes: 100 MB.
MAX_PIXELS = 25_000_000
# Sharp on paper at 45 mm, and quick to send.
BOX = (1000, 400)
MAX_SVG_ELEMENTS = 5_000
# Each may draw all that another one draws.
MAX_SVG_REUSES = 20

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
# Start of frame, all codings; C4, C8 and CC among them are something else.
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_ACTIVE = frozenset({"script", "foreignobject", "iframe", "object", "embed", "handler"})
# Style reaches out by @import and by url(…), unless that stays in the document.
_REACHES_OUT = re.compile(r"@import|url\(\s*['\"]?\s*(?!#)", re.IGNORECASE)


class _Unreadable(Exception):
    """With the sentence that says why."""


def put_logo(profile: Organisation, content: bytes | None) -> None:
    """Keep `content` as the logo; None, none. Call it in a transaction.

    Raises Invalid on `logo` for what is no image, too large, or would do more than be seen.
    """
    Logo.objects.filter(organisation=profile).delete()
    profile.refresh_from_db()  # forgets the one that was read
    if content is None:
        return
    try:
        png = redrawn(content)
    except _Unreadable as error:
        raise Invalid({"logo": str(error)}) from None
    width, height = _png_size(png)
    Logo.objects.create(
        organisation=profile,
        png=png,
        width=width,
        height=height,
        sha256=hashlib.sha256(png).hexdigest(),
    )


def redrawn(content: bytes) -> bytes:
    """The image as a PNG that fits into `BOX`, never enlarged if it has pixels of its own."""
    if len(content) > MAX_BYTES:
        raise _Unreadable(f"Must not be larger than {MAX_BYTES // 1_000_000} MB")
    width, height = _room_for(content)
    try:
        return drawn_png(content, width=width, height=height)
    except NotDrawn:
        raise _Unreadable(
            "The image cannot be read: it is damaged or too intricate; try it as PNG"
        ) from None


def _room_for(content: bytes) -> tuple[int, int]:
    """In pixels, the space that the image may take."""
    if content.startswith(_PNG):
        size = _png_size(content)
    elif content.startswith(_JPEG):
        size = _jpeg_size(content)
    else:
        _require_harmless_svg(content)
        return BOX
    if not all(size) or size[0] * size[1] > MAX_PIXELS:
        raise _Unreadable(f"Must have {MAX_PIXELS // 1_000_000} million pixels at most")
    return min(size[0], BOX[0]), min(size[1], BOX[1])


def _png_size(content: bytes) -> tuple[int, int]:
    if len(content) < 24:
        raise _Unreadable("The image cannot be read: it is damaged")
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def _jpeg_size(content: bytes) -> tuple[int, int]:
    """From its frame header (ITU T.81, B.2.2), found by walking the segments."""
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        if marker == 0xFF:
            at += 1
        elif marker in _JPEG_WITHOUT_LENGTH:
            at += 2
        else:
            at += 2 + int(struct.unpack(">H", content[at + 2 : at + 4])[0])
    raise _Unreadable("The image cannot be read: it is damaged")


def _require_harmless_svg(content: bytes) -> None:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _Unreadable("Must be an image: PNG, JPEG or SVG") from None
    # Entities are how a small file becomes a large one; no drawing program needs them.
    if "<!ENTITY" in text.upper():
        raise _Unreadable("The SVG declares entities; save it without them")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314  without entities nothing expands
    except (ElementTree.ParseError, ValueError):
        raise _Unreadable("Must be an image: PNG, JPEG or SVG") from None
    if _local(root.tag) != "svg":
        raise _Unreadable("Must be an image: PNG, JPEG or SVG")
    elements = list(root.iter())
    reuses = sum(_local(element.tag) == "use" for element in elements)
    if len(elements) > MAX_SVG_ELEMENTS or reuses > MAX_SVG_REUSES:
        raise _Unreadable("The SVG is too intricate; give the logo as PNG")
    for element in elements:
        _require_harmless(element)


def _require_harmless(element: ElementTree.Element) -> None:
    name = _local(element.tag)
    if name in _ACTIVE:
        raise _Unreadable(f"The SVG has a <{name}>, which a picture does not need")
    for attribute, value in element.attrib.items():
        local = _local(attribute)
        if local.startswith("on"):
            raise _Unreadable(f"The SVG runs a script ({local})")
        points_out = local in ("href", "src") and not value.strip().startswith("#")
        if points_out or _REACHES_OUT.search(value):
            raise _Unreadable("The SVG refers to something outside of itself")
    if name == "style" and _REACHES_OUT.search(element.text or ""):
        raise _Unreadable("The SVG refers to something outside of itself")


def _local(name: object) -> str:
    """Without its namespace, in small letters; comments have no name."""
    return name.rpartition("}")[2].lower() if isinstance(name, str) else ""
