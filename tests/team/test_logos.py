"""Whatever is uploaded as a logo, a small PNG of our own is what is kept of it."""

import hashlib
import struct
import zlib

import pytest

from bizsuite.errors import Invalid
from bizsuite.events.models import Event
from bizsuite.identity.models import Logo, organisation
from bizsuite.team import drawing
from bizsuite.team.logos import BOX, MAX_BYTES
from bizsuite.team.profile import update_organisation
from tests.factories import SYSTEM
from tests.pictures import png_of

pytestmark = pytest.mark.django_db
HARMLESS = (
    '<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" '
    '"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 100"><style>.a{fill:#0a5}</style>'
    '<defs><linearGradient id="g"/></defs><rect class="a" width="300" height="100"/>'
    '<circle r="20" fill="url(#g)"/></svg>'
)


def svg(inside: str) -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{inside}</svg>'.encode()


def test_a_png_is_encoded_anew_at_its_own_size():
    given = png_of(300, 100)

    profile = update_organisation(organisation(), logo=given, actor=SYSTEM)

    logo = Logo.objects.get()
    assert profile.logo == logo
    assert (logo.width, logo.height) == (300, 100)
    assert bytes(logo.png).startswith(b"\x89PNG")
    assert b"left by its editor" in given
    assert b"left by its editor" not in bytes(logo.png)
    assert logo.sha256 == hashlib.sha256(logo.png).hexdigest()
    assert logo.sha256 in Event.objects.get(type="organisation.updated").payload


def test_a_large_one_becomes_as_large_as_paper_needs():
    update_organisation(organisation(), logo=png_of(3000, 3000), actor=SYSTEM)

    assert (Logo.objects.get().width, Logo.objects.get().height) == (BOX[1], BOX[1])


def test_an_svg_is_drawn_once():
    update_organisation(organisation(), logo=HARMLESS.encode(), actor=SYSTEM)

    assert (Logo.objects.get().width, Logo.objects.get().height) == (1000, 333)
    assert b"svg" not in bytes(Logo.objects.get().png)


def test_another_one_takes_its_place_and_none_removes_it():
    update_organisation(organisation(), logo=png_of(30, 10), actor=SYSTEM)
    update_organisation(organisation(), logo=png_of(40, 10), actor=SYSTEM)
    assert Logo.objects.get().width == 40

    profile = update_organisation(organisation(), logo=None, actor=SYSTEM)

    assert profile.logo is None
    assert not Logo.objects.exists()


def test_what_is_hidden_in_an_svgs_text_is_no_script():
    profile = update_organisation(
        organisation(), logo=svg("<title>javascript</title>"), actor=SYSTEM
    )
    assert profile.logo is not None


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "PNG, JPEG or SVG"),
        (b"GIF89a" + bytes(20), "PNG, JPEG or SVG"),
        (b"%PDF-1.7", "PNG, JPEG or SVG"),
        (b"<html><body/></html>", "PNG, JPEG or SVG"),
        (HARMLESS.encode("utf-16"), "PNG, JPEG or SVG"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
        (b"\xff\xd8\xff\xe0\x00\x04ab\xff\xd9", "damaged"),
        (png_of(30, 10)[:60], "damaged"),
        (bytes(MAX_BYTES + 1), "larger than 2 MB"),
        (png_of(1, 1, claiming=(60_000, 60_000)), "million pixels"),
        (svg("<script>alert(1)</script>"), "<script>"),
        (svg("<foreignObject><p/></foreignObject>"), "<foreignobject>"),
        (svg('<rect onload="alert(1)"/>'), "onload"),
        (svg('<image href="https://example.com/a.png"/>'), "outside"),
        (svg('<image href="file:///etc/passwd"/>'), "outside"),
        (svg('<a href="javascript:alert(1)"/>'), "outside"),
        (svg('<rect fill="url(https://example.com/a)"/>'), "outside"),
        (svg("<style>@import 'https://example.com/a.css'</style>"), "outside"),
        (svg("<style>a{fill:url('http://example.com')}</style>"), "outside"),
        (b'<!DOCTYPE svg [<!ENTITY a "b">]>' + svg("&a;"), "entities"),
        (svg('<use href="#a"/>' * 21), "intricate"),
        (svg("<g/>" * 5001), "intricate"),
    ],
)
def test_what_is_no_picture_or_more_than_one_is_refused(content, why):
    with pytest.raises(Invalid) as refusal:
        update_organisation(organisation(), logo=content, name="New name", actor=SYSTEM)

    assert why in refusal.value.errors["logo"]
    assert not Logo.objects.exists()
    assert organisation().name != "New name"


NESTED_MASKS = "".join(
    f'<mask id="m{level}">'
    + f'<rect width="9" height="9" fill="white" mask="url(#m{level + 1})"/>' * 10
    + "</mask>"
    for level in range(6)
)
MARKERS = (
    '<marker id="m" markerWidth="9" markerHeight="9">'
    + '<rect width="1" height="1"/>' * 2000
    + '</marker><path marker-mid="url(#m)" stroke="red" d="M0 0 '
    + "L1 1 L2 0 " * 50_000
    + '"/>'
)


@pytest.mark.parametrize(
    "bomb",
    [
        NESTED_MASKS + '<rect width="9" height="9" mask="url(#m0)"/>',
        '<filter id="f"><feTurbulence baseFrequency="0.5" numOctaves="1000000"/></filter>'
        '<rect width="9" height="9" filter="url(#f)"/>',
        MARKERS,
        "<g>" * 4000 + "</g>" * 4000,
    ],
    ids=["masks in masks", "a filter without end", "all of the memory", "too deep"],
)
def test_a_small_file_that_asks_for_too_much_costs_a_second_and_no_server(bomb, monkeypatch):
    monkeypatch.setattr(drawing, "CPU_SECONDS", 1)

    with pytest.raises(Invalid, match="Validation failed") as refusal:
        update_organisation(organisation(), logo=svg(bomb), actor=SYSTEM)

    assert "too intricate" in refusal.value.errors["logo"]
    assert not Logo.objects.exists()


def test_the_picture_in_these_tests_is_one():
    """A file that only looks damaged would prove nothing about those that are."""
    header = png_of(3, 2)[8:33]
    assert struct.unpack(">I4sII", header[:16]) == (13, b"IHDR", 3, 2)
    assert zlib.crc32(header[4:21]) == struct.unpack(">I", header[21:25])[0]
