"""Lists that are followed and not leafed through: the next page begins after a number.

A cursor never goes stale and never repeats: asked again with the same one, the list gives the same,
and what has come since. The answer says where to go on even where it is empty.
"""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, QueryDict

from bizsuite.api.fields import MAX_ID
from bizsuite.api.listing import DEFAULT_LIMIT, MAX_LIMIT, address_with, whole_number

CURSOR_PARAMETERS = ("after", "limit")


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the client stands, and how many rows it wants at most."""

    after: int
    limit: int

    @classmethod
    def of(cls, query: QueryDict) -> "Cursor":
        """Raises Invalid."""
        return cls(
            after=whole_number(query, "after", 0, lowest=0, highest=MAX_ID),
            limit=whole_number(query, "limit", DEFAULT_LIMIT, lowest=1, highest=MAX_LIMIT),
        )


@dataclass(frozen=True, slots=True)
class CursorPage:
    """Some rows, and where to go on.

    next_after: the last number that was looked at. last: the last number that there is.
    """

    rows: list[Any]
    limit: int
    next_after: int
    last: int

    def meta(self) -> dict[str, int | bool]:
        return {
            "next_after": self.next_after,
            "has_more": self.next_after < self.last,
            "last": self.last,
            "limit": self.limit,
        }

    def link_header(self, request: HttpRequest) -> str:
        """RFC 8288: the address to go on at, which is there on the last page too."""
        return f'<{address_with(request, "after", self.next_after)}>; rel="next"'
