"""Finding a record or a page from anywhere: the palette behind Ctrl+K."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib import admin
from django.http import HttpRequest

from bizsuite.backoffice.resource_admin import ResourceAdmin

RESULTS_PER_RESOURCE = 5


@dataclass(frozen=True, slots=True)
class Result:
    title: str
    description: str
    link: str
    icon: str


def found(request: HttpRequest, terms: str) -> list[Result]:
    """Pages by their name, then records by their queryset's search, of what the user may see."""
    terms = terms.replace("\x00", "")  # PostgreSQL takes none
    pages = [
        model_admin
        for model_admin in admin.site._registry.values()
        if isinstance(model_admin, ResourceAdmin) and model_admin.has_view_permission(request)
    ]
    results = [
        _page(model_admin)
        for model_admin in pages
        if terms.casefold() in str(model_admin.opts.verbose_name_plural).casefold()
    ]
    for model_admin in pages:
        if model_admin.searchable:
            results += _records(request, model_admin, terms)
    return results


def _page(model_admin: ResourceAdmin) -> Result:
    name = str(model_admin.opts.verbose_name_plural)
    return Result(name[:1].upper() + name[1:], "", model_admin.list_url(), "list")


def _records(request: HttpRequest, model_admin: ResourceAdmin, terms: str) -> Iterator[Result]:
    queryset = model_admin.get_queryset(request).order_by("-pk")
    rows, _ = model_admin.get_search_results(request, queryset, terms)
    for record in rows[:RESULTS_PER_RESOURCE]:
        yield Result(
            str(record),
            str(model_admin.opts.verbose_name),
            model_admin.url_of(record),
            "description",
        )
