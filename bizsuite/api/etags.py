"""ETags: a client that has a record need not fetch it again, nor overwrite what it has not seen.

A tag is the record's version and a hash of what is shown: `"3-9f86d081884c7d65"`. The hash, because
a record can show something new at the same version (an invoice becomes overdue); the version, because
that is what a change must not overtake.
"""

import hashlib

from django.http import HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags


def etag_of(version: int, body: bytes) -> str:
    return f'"{version}-{hashlib.sha256(body).hexdigest()[:16]}"'


def is_shown(if_none_match: str, etag: str) -> bool:
    """Whether the client already has the very representation that `etag` names (RFC 9110)."""
    tags = [tag.removeprefix("W/") for tag in parse_etags(if_none_match)]
    return "*" in tags or etag in tags


def names_version(if_match: str, version: int) -> bool:
    """Whether the client's tag is of this version. A weak tag never is (RFC 9110 13.1.1)."""
    tags = parse_etags(if_match)
    return "*" in tags or any(tag.startswith(f'"{version}-') for tag in tags)


def not_modified(response: HttpResponse) -> HttpResponse:
    """The answer without its body: the client has it."""
    answer = HttpResponseNotModified()
    for name, value in response.items():
        if not name.startswith("Content-"):
            answer[name] = value
    return answer
