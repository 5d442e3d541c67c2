"""The one shape of every answer."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse

from bizsuite.exact_json import encode

# When to try again while the database is away.
RETRY_AFTER_SECONDS = "5"

UNAUTHORIZED_MESSAGE = "Invalid API key or unauthorized access"

# What to say for a status that something other than our own code answered with.
PLAIN_MESSAGES = {
    400: ("bad_request", "The request could not be understood."),
    403: ("forbidden", "You may not do this."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take that method."),
    413: ("payload_too_large", "The body is too large."),
    414: ("uri_too_long", "The address is too long."),
    500: ("server_error", "Something went wrong on our side. It has been logged."),
    503: ("unavailable", "The service is briefly unavailable. Try again in a moment."),
}


def success(data: Any, **more: Any) -> dict[str, Any]:
    return {"success": True, "data": data, **more}


def failure(
    message: str,
    *,
    code: str,
    request_id: str,
    errors: Mapping[str, str] | None = None,
    allowed: list[str] | None = None,
) -> dict[str, Any]:
    """The body of a refusal. `errors` has one sentence per field, by dotted path."""
    body: dict[str, Any] = {"success": False}
    if errors is not None:
        body["errors"] = errors
    body |= {"message": message, "code": code, "request_id": request_id}
    if allowed is not None:
        body["allowed"] = allowed
    return body


def unauthorized() -> dict[str, Any]:
    """Exactly the reference's body, nothing added."""
    return {"success": False, "message": UNAUTHORIZED_MESSAGE}


def plain_failure(status: int, request_id: str) -> HttpResponse:
    """A failure outside the framework's views: unknown path, bad host, our own error."""
    code, message = PLAIN_MESSAGES.get(status, PLAIN_MESSAGES[400 if status < 500 else 500])
    response = failure_response(status, message, code=code, request_id=request_id)
    if status == 503:
        response["Retry-After"] = RETRY_AFTER_SECONDS
    return response


def failure_response(status: int, message: str, *, code: str, request_id: str) -> HttpResponse:
    body = failure(message, code=code, request_id=request_id)
    return HttpResponse(encode(body), status=status, content_type="application/json")
