"""What a request was for: its method and route, so that there are few of them."""

import functools

from django.contrib.admindocs.views import simplify_regex
from django.http import HttpRequest
from django.urls import Resolver404, resolve

from bizsuite.usage.models import ENDPOINT_LENGTH

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER_METHOD = "OTHER"
UNKNOWN_ADDRESS = "(unknown address)"


def endpoint_of(request: HttpRequest) -> str:
    """`GET /api/v2/customers/{id}`, as the API's description names it."""
    method = request.method if request.method in METHODS else OTHER_METHOD
    return f"{method} {_path(request)}"


def _path(request: HttpRequest) -> str:
    match = request.resolver_match
    if match is None:  # refused before its view was looked for
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return UNKNOWN_ADDRESS
    return _template(match.route)


@functools.cache
def _template(route: str) -> str:
    """A route of Django's as a path with its parameters in braces."""
    path = simplify_regex(route).replace("<", "{").replace(">", "}")
    return path.replace("{pk}", "{id}")[: ENDPOINT_LENGTH - len(OTHER_METHOD) - 2]
