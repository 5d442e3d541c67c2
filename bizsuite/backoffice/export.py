"""A list as CSV: what is filtered, in the public shape, read page by page."""

import csv
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from rest_framework.serializers import BaseSerializer

from bizsuite.exact_json import encode

ROWS_PER_PAGE = 500
# A cell that begins with one of these is a formula to a spreadsheet.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class _Line:
    """A file for `csv.writer` that hands each line back."""

    def write(self, line: str) -> str:
        return line


def csv_response(
    queryset: QuerySet, serializer_class: type[BaseSerializer], *, filename: str
) -> StreamingHttpResponse:
    """Stream the rows by id. No cursor stays open while the client reads."""
    response = StreamingHttpResponse(
        _lines(queryset, serializer_class), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    response["Cache-Control"] = "no-store"
    return response


def _lines(queryset: QuerySet, serializer_class: type[BaseSerializer]) -> Iterator[str]:
    writer = csv.writer(_Line())
    columns = [
        name
        for name, field in serializer_class().fields.items()
        if not field.write_only and not hasattr(field, "many")
    ]
    # Parts are not looked up only to be left out. Serializers keep in the context what is the
    # same for every row.
    context: dict[str, Any] = {"only": frozenset(columns)}
    # Excel takes a file without this mark for one in the local code page.
    yield "\ufeff" + writer.writerow(columns)
    for row in _rows(queryset):
        shown = serializer_class(row, context=context).data
        yield writer.writerow([_cell(shown.get(column)) for column in columns])


def _rows(queryset: QuerySet) -> Iterator[Any]:
    queryset = queryset.order_by("pk")
    last = 0
    while page := list(queryset.filter(pk__gt=last)[:ROWS_PER_PAGE]):
        yield from page
        last = page[-1].pk


def _cell(value: Any) -> Any:
    """Text is defused, numbers stay numbers, what has parts is JSON."""
    if isinstance(value, dict | list):
        return encode(value).decode() if value else ""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value
