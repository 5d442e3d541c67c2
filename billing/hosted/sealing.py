"""What every answer below /d/ has in common: who may come in, and the headers it goes out with."""

import functools
import zoneinfo
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from billing.hosted.logos import logo_data
from billing.models import SharedLink
from billing.shared_links import is_shareable, link_by_token
from bizsuite.api.counters import request_counter
from bizsuite.identity.models import organisation

# Nothing runs and nothing is fetched but our own stylesheet; the logo stands in the page itself.
HEADERS = {
    "Content-Security-Policy": "; ".join(
        [
            "default-src 'none'",
            "style-src 'self'",
            "img-src data:",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
    ),
    # The address is the secret: no other site must learn it from a click, nor a cache keep it.
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "X-Content-Type-Options": "nosniff",
}
# A token has 160 bits and is not guessed; who tries shall not keep the database busy. Many, because
# an old link that shows nothing any more counts too, and a whole office may share one address.
MISSES_PER_ADDRESS = 100
WINDOW_SECONDS = 15 * 60

View = Callable[..., HttpResponse]


def page(*methods: str) -> Callable[[View], View]:
    """Make a function `(request, link, **rest)` a page below /d/<token>.

    No cookie is looked at, and none is set: knowing the address is the whole right to be here. So
    there is nothing that another site could make a browser send along, which is what Django's
    check is about; it would also fail, for a page without a referrer posts with `Origin: null`.
    """

    def wrap(view: View) -> View:
        @csrf_exempt
        @functools.wraps(view)
        def answer(request: HttpRequest, token: str, **rest: Any) -> HttpResponse:
            if request.method not in methods:
                return sealed(HttpResponseNotAllowed(methods))
            link, wait_seconds = _link_of(request, token)
            if wait_seconds:
                return too_many(request, wait_seconds)
            # A quote can become a draft again that nobody was sent.
            if link is None or not is_shareable(link.document):
                return missing(request)
            with timezone.override(zoneinfo.ZoneInfo(organisation().timezone)):
                return sealed(view(request, link, **rest))

        return answer

    return wrap


@csrf_exempt
def nothing_here(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Whatever else is below /d/: the same answer as to a link that shows nothing."""
    return missing(request)


def sealed(response: HttpResponse) -> HttpResponse:
    for name, value in HEADERS.items():
        response[name] = value
    return response


def missing(request: HttpRequest) -> HttpResponse:
    """To a link that never was, has expired or was revoked: nobody learns which."""
    return message(
        request,
        title=_("This link shows nothing"),
        text=_(
            "It may have expired, or been replaced by a new one, or not been copied whole. Ask"
            " whoever sent it to you for a new link."
        ),
        status=404,
    )


def too_many(request: HttpRequest, wait_seconds: int) -> HttpResponse:
    response = message(
        request,
        title=_("Too many attempts"),
        text=_("Links that show nothing were opened too often from here. Try again later."),
        status=429,
    )
    response["Retry-After"] = str(wait_seconds)
    return response


def message(request: HttpRequest, *, title: str, text: str, status: int) -> HttpResponse:
    context = {"title": title, "text": text}
    return sealed(render(request, "billing/hosted/message.html", context, status=status))


def show(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    context |= {"logo": logo_data()}
    return render(request, f"billing/hosted/{template}.html", context, status=status)


def _link_of(request: HttpRequest, token: str) -> tuple[SharedLink | None, int]:
    """The link, or after how many seconds this address may try again.

    Counted before it is looked up, so that many at once get no further than the few that are
    allowed; taken back when it was right.
    """
    now = timezone.now()
    subject = f"link:{request.client.subject}"  # type: ignore[attr-defined]
    seconds = int(now.timestamp())
    misses, until = request_counter().add(subject, now=seconds, window_seconds=WINDOW_SECONDS)
    if misses > MISSES_PER_ADDRESS:
        return None, max(1, until - seconds)
    link = link_by_token(token, now=now)
    if link is not None:
        request_counter().take_back(subject)
    return link, 0
