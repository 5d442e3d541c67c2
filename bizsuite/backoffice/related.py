"""From a record's page to the lists of what refers to it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.http import HttpRequest
from django.urls import reverse

from bizsuite.backoffice.permissions import may

Figures = Callable[[HttpRequest, Any], list[tuple[Any, Any]]]


@dataclass(frozen=True)
class RelatedList:
    """A list page, and the parameter by which it shows one record's part.

    resource: whose right to read it needs. parameter: takes the record's id.
    """

    title: Any
    icon: str
    resource: str
    url_name: str
    parameter: str


class RelatedListsMixin:
    """For admin classes whose records others refer to.

    Apps further up announce them, for this one cannot know those.
    """

    related_lists: ClassVar[list[RelatedList]]
    announced_figures: ClassVar[list[Figures]]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.related_lists, cls.announced_figures = [], []

    @classmethod
    def announce(cls, *lists: RelatedList, figures: Figures | None = None) -> None:
        """figures: gives a record's (label, value) pairs to show above its form."""
        cls.related_lists.extend(lists)
        if figures is not None:
            cls.announced_figures.append(figures)

    def links_to_related(self, request: HttpRequest, record: Any) -> list[dict[str, Any]]:
        return [
            {
                "title": related.title,
                "icon": related.icon,
                "link": f"{reverse(f'admin:{related.url_name}')}?{related.parameter}={record.pk}",
            }
            for related in self.related_lists
            if may(request, "read", related.resource)
        ]
