"""What happens to a request before any view sees it, and to every answer after."""

import datetime
import logging
from collections.abc import Callable

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from rest_framework.exceptions import APIException

from bizsuite.api.clients import client_of
from bizsuite.api.envelope import failure_response, plain_failure
from bizsuite.api.handlers import is_api
from bizsuite.api.request_ids import current_request_id, request_id_of
from bizsuite.api.signatures import may_pass
from bizsuite.api.throttling import RateState, count_request
from bizsuite.identity.actors import Actor
from bizsuite.identity.keys import find_key, presented_key
from bizsuite.identity.models import ApiKey

logger = logging.getLogger(__name__)

# More rounds from message to reaction are not counted.
_DEEPEST = 999

GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestMiddleware:
    """Names the request, and refuses plain HTTP from anywhere but this machine."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = request_id_of(request)
        request.client = client_of(request)
        if request.client.secure:
            # Said by a proxy that is trusted. Links, the CSRF check and HSTS go by this;
            # Django's own SECURE_PROXY_SSL_HEADER would believe anybody's header.
            request.META["wsgi.url_scheme"] = "https"
        token = current_request_id.set(request.request_id)
        try:
            # The API refuses by itself, after counting the request.
            refusal = None if is_api(request) else refusal_of(request)
            response = refusal or self.get_response(request)
        finally:
            current_request_id.reset(token)
        response["X-Request-ID"] = request.request_id
        if settings.ENVIRONMENT != "production":
            response["X-Environment"] = settings.ENVIRONMENT
        return response


def refusal_of(request: HttpRequest) -> HttpResponse | None:
    """The answer to a request that nothing further on should see, or None."""
    if not request.client.private:
        return failure_response(
            403,
            "Use HTTPS: plain HTTP is answered on this machine only.",
            code="https_required",
            request_id=request.request_id,
        )
    if len(request.get_full_path().encode()) > settings.MAX_URL_BYTES:
        return plain_failure(414, request.request_id)
    # The server does not pass on what is longer than announced, and no form comes in chunks.
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if announced.isdecimal() and int(announced) > settings.MAX_FORM_BODY_BYTES:
        return plain_failure(413, request.request_id)
    return None


class ApiMiddleware:
    """Under /api/v2: finds the key, counts the request, and gives every answer its envelope."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_api(request):
            return self.get_response(request)
        _drop_trailing_slash(request)
        now = timezone.now()
        try:
            key, unreadable = _identified(request, now=now)
            rate = count_request(key, request.client, now=now)
        except (OperationalError, InterfaceError):
            logger.exception("Request %s found no database", request.request_id)
            return _finished(plain_failure(503, request.request_id))
        request.api_key = key
        request.actor = _actor(key, request) if key else None
        response = unreadable or refusal_of(request) or self._answer(request, rate)
        rate.write_headers(response, now=now)
        return _finished(response)

    def _answer(self, request: HttpRequest, rate: RateState) -> HttpResponse:
        if rate.exceeded:
            return failure_response(
                429,
                f"Rate limit of {rate.limit} requests per hour exceeded.",
                code="rate_limited",
                request_id=request.request_id,
            )
        response = self.get_response(request)
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if response.status_code >= 400 and is_page:
            return plain_failure(response.status_code, request.request_id)
        return response


def _key_of(request: HttpRequest, *, now: datetime.datetime) -> ApiKey | None:
    """The key whose rights the request has. A key that came over an open line is not looked at."""
    if not request.client.private:
        return None
    key = find_key(presented_key(request), now=now, address=request.client.address)
    return key if key is not None and may_pass(request, key, now=now) else None


def _identified(
    request: HttpRequest, *, now: datetime.datetime
) -> tuple[ApiKey | None, HttpResponse | None]:
    """The key, and the answer to a signed request whose body cannot be read."""
    try:
        return _key_of(request, now=now), None
    except APIException as error:
        return None, plain_failure(error.status_code, request.request_id)


def _finished(response: HttpResponse) -> HttpResponse:
    patch_vary_headers(response, ["Authorization", "X-API-Key", "Accept"])
    if not response.has_header("Cache-Control"):
        response["Cache-Control"] = "private, no-cache"
    return response


def _drop_trailing_slash(request: HttpRequest) -> None:
    """`/customers/` is `/customers`; the index alone keeps its slash."""
    index = settings.API_PREFIX + "/"
    if request.path_info == settings.API_PREFIX:
        request.path_info = index
    elif request.path_info != index and request.path_info.endswith("/"):
        request.path_info = request.path_info.removesuffix("/")


def _actor(key: ApiKey, request: HttpRequest) -> Actor:
    return Actor(
        name=key.user.name,
        role=key.user.role,
        source="api",
        user_id=key.user_id,
        key_id=key.pk,
        scopes=tuple(key.scopes),
        request_id=request.request_id,
        causation_depth=_causation_depth(request),
    )


def _causation_depth(request: HttpRequest) -> int:
    """One more than that of the webhook that this request reacts to; 0 when it names none.

    A proxy joins a repeated header with commas: then the deepest counts. A number that no loop
    reaches is deep, and not none.
    """
    said = request.headers.get("X-Causation-Depth", "").split(",")
    numbers = [each.strip() for each in said if each.strip().isascii() and each.strip().isdigit()]
    depths = [int(number) if len(number) <= 3 else _DEEPEST for number in numbers]
    return max(depths) + 1 if depths else 0
