"""Every route of the API and the methods that it takes, as the router knows them."""

import re
from dataclasses import dataclass

from django.contrib.admindocs.views import simplify_regex
from django.urls import URLPattern, URLResolver

from bizsuite.urls import urlpatterns

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PREFIX = "/api/v2"
# Finds nothing, which is after the check of rights.
MISSING_ID = "999999999999999"


@dataclass(frozen=True)
class Route:
    """path: below /api/v2, such as /customers/<pk>."""

    path: str
    view: type
    methods: tuple[str, ...]

    @property
    def resource(self) -> str | None:
        """What the view's rights are about; None where it needs none."""
        return getattr(self.view, "resource", None)

    @property
    def address(self) -> str:
        return address_of(self.path)


def address_of(path: str) -> str:
    """An address to send a request for `path` to."""
    return re.sub(r"<\w+>", MISSING_ID, path)


def api_routes() -> list[Route]:
    found = [_route(path, pattern) for path, pattern in _walk(urlpatterns, "")]
    return sorted(
        (route for route in found if route is not None),
        key=lambda route: (route.path, route.view.__name__),
    )


def _walk(patterns, prefix):
    for pattern in patterns:
        path = prefix + str(pattern.pattern).removeprefix("^")
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield path, pattern


def _route(path: str, pattern: URLPattern) -> Route | None:
    path = simplify_regex(path)
    view = getattr(pattern.callback, "cls", getattr(pattern.callback, "view_class", None))
    if not path.startswith(PREFIX) or view is None:
        return None
    actions = getattr(pattern.callback, "actions", None)
    names = actions or [name for name in view.http_method_names if hasattr(view, name)]
    methods = tuple(method for method in METHODS if method.lower() in names)
    return Route(path.removeprefix(PREFIX), view, methods)
