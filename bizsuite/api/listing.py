"""Lists: which parameters there are, sorting, pages and their links."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.db.models import Expression, F, Model, OrderBy, QuerySet
from django.http import HttpRequest, QueryDict

from bizsuite.errors import Invalid

MAX_PAGE = 10**9
DEFAULT_LIMIT = 20
MAX_LIMIT = 100
# What every list understands beside its own filters.
COMMON_PARAMETERS = ("page", "limit", "sort")


# A column's name or an expression over some.
Column = str | Expression
SortColumns = Mapping[str, Sequence[Column]]


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Any]
    number: int
    limit: int
    total: int

    @property
    def last(self) -> int:
        return max(1, -(-self.total // self.limit))

    def meta(self) -> dict[str, int]:
        return {
            "current_page": self.number,
            "total_pages": self.last,
            "total_records": self.total,
            "limit": self.limit,
        }

    def link_header(self, request: HttpRequest) -> str:
        """RFC 8288 links to the first, previous, next and last page."""
        pages = {
            "first": 1,
            "prev": min(self.number - 1, self.last),
            "next": self.number + 1,
            "last": self.last,
        }
        if self.number <= 1:
            del pages["prev"]
        if self.number >= self.last:
            del pages["next"]
        return ", ".join(
            f'<{address_with(request, "page", page)}>; rel="{name}"' for name, page in pages.items()
        )


def refuse_unknown_parameters(query: QueryDict, known: Iterable[str]) -> None:
    """A misspelt filter silently ignored would answer with everything. Raises Invalid."""
    allowed = set(known)
    errors = {}
    for name, values in query.lists():
        if name not in allowed:
            errors[name] = "Unknown parameter"
        elif len(values) > 1:
            errors[name] = "Give this parameter once"
    if errors:
        raise Invalid(errors)


def ordered(
    queryset: QuerySet,
    sort: str | None,
    sortable: Iterable[str],
    sort_columns: SortColumns = MappingProxyType({}),
) -> QuerySet:
    """Order by `?sort=-date,id`. The id always breaks ties, so that pages never overlap.

    sort_columns: what a public name stands for, where that is not the column of this name.
    """
    if sort is None:
        return queryset.order_by("id")
    names = sort.split(",")
    allowed = tuple(sortable)
    if any(name.removeprefix("-") not in allowed for name in names):
        raise Invalid({"sort": f"Must be some of: {', '.join(allowed)}"})
    order = [
        _ordering(queryset.model, column, descending=name.startswith("-"))
        for name in names
        for column in sort_columns.get(name.removeprefix("-"), (name.removeprefix("-"),))
    ]
    return queryset.order_by(*order, "id")


def _ordering(model: type[Model], column: Column, *, descending: bool) -> OrderBy:
    expression = F(column) if isinstance(column, str) else column
    if isinstance(column, str) and not model._meta.get_field(column).null:
        return expression.desc() if descending else expression.asc()
    # Left to themselves, SQLite takes nothing for the least and PostgreSQL for the most.
    return expression.desc(nulls_last=True) if descending else expression.asc(nulls_first=True)


def paginated(queryset: QuerySet, query: QueryDict) -> Page:
    number = whole_number(query, "page", 1, lowest=1, highest=MAX_PAGE)
    limit = whole_number(query, "limit", DEFAULT_LIMIT, lowest=1, highest=MAX_LIMIT)
    total = queryset.count()
    start = (number - 1) * limit
    rows = list(queryset[start : start + limit]) if start < total else []
    return Page(rows=rows, number=number, limit=limit, total=total)


def chosen_fields(query: QueryDict, known: Sequence[str]) -> frozenset[str] | None:
    """The names in `?fields=id,account`, or None for all. Raises Invalid for an unknown one."""
    if "fields" not in query:
        return None
    names = frozenset(query["fields"].split(","))
    if not names <= set(known):
        raise Invalid({"fields": f"Must be some of: {', '.join(known)}"})
    return names


def switched_on(query: QueryDict, name: str, value: str) -> bool:
    """Whether a parameter that takes one value only is there. Raises Invalid for another value."""
    if name in query and query[name] != value:
        raise Invalid({name: f"Must be {value}"})
    return name in query


def whole_number(query: QueryDict, name: str, default: int, *, lowest: int, highest: int) -> int:
    """The number that a parameter gives, or the default. Raises Invalid."""
    text = query.get(name, str(default))
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(highest))
    if not (is_number and lowest <= int(text) <= highest):
        raise Invalid({name: f"Must be a whole number from {lowest} to {highest}"})
    return int(text)


def address_with(request: HttpRequest, name: str, value: int) -> str:
    """The request's own address with one parameter set to another value."""
    query = request.GET.copy()
    query[name] = str(value)
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
