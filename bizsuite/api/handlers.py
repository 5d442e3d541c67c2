"""Django's own error pages: the envelope under the API's prefix, HTML elsewhere."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views import defaults

from bizsuite.api.envelope import plain_failure


def is_api(request: HttpRequest) -> bool:
    return request.path_info == settings.API_PREFIX or request.path_info.startswith(
        settings.API_PREFIX + "/"
    )


def _request_id(request: HttpRequest) -> str:
    return getattr(request, "request_id", "")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        return plain_failure(400, _request_id(request))
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        return plain_failure(403, _request_id(request))
    return defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        return plain_failure(404, _request_id(request))
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest, *args: Any) -> HttpResponse:
    if is_api(request):
        return plain_failure(500, _request_id(request))
    return defaults.server_error(request)
