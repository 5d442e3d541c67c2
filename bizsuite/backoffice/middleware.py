"""What every page of the admin has: the organisation's time zone and a Content-Security-Policy."""

import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from bizsuite.identity.models import Organisation, organisation

# Everything comes from ourselves. The theme's Alpine evaluates expressions out of attributes,
# which needs unsafe-eval, and its colours are an inline style; no script is inline.
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)


def organisation_of(request: HttpRequest) -> Organisation:
    """The organisation, read once per request."""
    if not hasattr(request, "organisation"):
        request.organisation = organisation()
    return request.organisation


class StaffMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.prefix = reverse("admin:index")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(self.prefix):
            return self.get_response(request)
        with timezone.override(zoneinfo.ZoneInfo(organisation_of(request).timezone)):
            response = self.get_response(request)
            # Templates are rendered here and not by the server, so within the override.
            # A file that somebody attached has a stricter one.
            response.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
            return response
