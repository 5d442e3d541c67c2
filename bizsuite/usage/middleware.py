from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from bizsuite.usage.endpoints import endpoint_of
from bizsuite.usage.recording import record_request


class UsageMiddleware:
    """Counts every answer that a key got. Stands outside of what refuses and what fails."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # Set by the API's middleware; requests without a valid key are nobody's.
        key = getattr(request, "api_key", None)
        if key is not None:
            record_request(key, endpoint_of(request), response.status_code, now=timezone.now())
        return response
