"""From a record's page to the lists of what refers to it."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.http import HttpRequest
from django.urls import reverse

from bizsuite.backoffice.permissions import may


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

    Apps further up announce their lists with `announce()`, for this one cannot know them.
    """

    related_lists: ClassVar[list[RelatedList]]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.related_lists = []

    @classmethod
    def announce(cls, *lists: RelatedList) -> None:
        cls.related_lists.extend(lists)

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
