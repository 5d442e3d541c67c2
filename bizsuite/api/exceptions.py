"""From an exception to the answer: the only place that knows which error is which status."""

import logging
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import Error as DatabaseError
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError
from rest_framework import exceptions, status
from rest_framework.response import Response

from bizsuite.api import envelope
from bizsuite.errors import Conflict, DomainError, Invalid, Unauthorized

# SQLSTATE, as PostgreSQL has them.
FOREIGN_KEY_VIOLATION, UNIQUE_VIOLATION, DEADLOCK = "23503", "23505", "40P01"

COLLISION = "This conflicts with something saved at the same moment."

logger = logging.getLogger(__name__)

_CODES = {
    status.HTTP_400_BAD_REQUEST: "bad_request",
    status.HTTP_403_FORBIDDEN: "forbidden",
    status.HTTP_404_NOT_FOUND: "not_found",
    status.HTTP_405_METHOD_NOT_ALLOWED: "method_not_allowed",
    status.HTTP_406_NOT_ACCEPTABLE: "not_acceptable",
    status.HTTP_413_REQUEST_ENTITY_TOO_LARGE: "payload_too_large",
    status.HTTP_415_UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
}
# What Django itself raises, and the status, code and message that it means.
_DJANGO_ERRORS: dict[type[Exception], tuple[int, str, str]] = {
    Http404: (404, "not_found", "There is no such record."),
    PermissionDenied: (403, *envelope.PLAIN_MESSAGES[403]),
    # More parameters than Django reads.
    SuspiciousOperation: (400, *envelope.PLAIN_MESSAGES[400]),
    # A client that hung up half-way.
    UnreadablePostError: (400, *envelope.PLAIN_MESSAGES[400]),
}


def answer_exception(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's EXCEPTION_HANDLER. Never returns None: every error has an envelope."""
    request_id = context["request"].request_id
    if isinstance(
        error, Unauthorized | exceptions.NotAuthenticated | exceptions.AuthenticationFailed
    ):
        return Response(envelope.unauthorized(), status=401, headers={"WWW-Authenticate": "Bearer"})
    if isinstance(error, exceptions.ValidationError):
        error = Invalid(dict(flat_errors(error.detail)))
    if isinstance(error, DomainError):
        return _domain_answer(error, request_id)
    if isinstance(error, exceptions.APIException):
        code = _CODES.get(error.status_code, error.default_code)
        return _answer(error.status_code, code, str(error.detail), request_id)
    if isinstance(error, DatabaseError):
        return _database_answer(error, request_id)
    for kind, answer in _DJANGO_ERRORS.items():
        if isinstance(error, kind):
            return _answer(*answer, request_id)
    logger.exception("Request %s failed", request_id)
    return _answer(500, *envelope.PLAIN_MESSAGES[500], request_id)


def flat_errors(detail: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """DRF's nested errors as (dotted path, one sentence) pairs; the first sentence of each."""
    if isinstance(detail, dict):
        for name, nested in detail.items():
            here = path if name == "non_field_errors" else f"{path}.{name}" if path else str(name)
            yield from flat_errors(nested, here)
    elif isinstance(detail, list) and any(isinstance(item, dict | list) for item in detail):
        for index, nested in enumerate(detail):
            yield from flat_errors(nested, f"{path}.{index}" if path else str(index))
    elif isinstance(detail, list):
        if detail:
            yield path or "body", _sentence(detail[0])
    else:
        yield path or "body", _sentence(detail)


def _sentence(detail: Any) -> str:
    """The reference prints its messages without a full stop."""
    return str(detail).removesuffix(".")


def _domain_answer(error: DomainError, request_id: str) -> Response:
    body = envelope.failure(
        error.message,
        code=error.code,
        request_id=request_id,
        errors=error.errors,
        allowed=error.allowed if isinstance(error, Conflict) else None,
    )
    headers = {"Retry-After": envelope.RETRY_AFTER_SECONDS} if error.status == 503 else None
    return Response(body, status=error.status, headers=headers)


def _database_answer(error: DatabaseError, request_id: str) -> Response:
    if isinstance(error, IntegrityError) and is_race(error):
        logger.warning("Request %s collided with another one", request_id)
        return _answer(409, Conflict.code, COLLISION, request_id)
    logger.exception("Request %s failed in the database", request_id)
    if isinstance(error, OperationalError | InterfaceError):
        answer = _answer(503, *envelope.PLAIN_MESSAGES[503], request_id)
        answer["Retry-After"] = envelope.RETRY_AFTER_SECONDS
        return answer
    return _answer(500, *envelope.PLAIN_MESSAGES[500], request_id)


def is_race(error: DatabaseError) -> bool:
    """Whether the database caught what no check saw because another request was at it too.

    That is so of a value taken twice, of a row that is gone or still needed, and of two who wait
    for each other. NULLs and broken CHECKs are mistakes of ours.
    """
    state = getattr(error.__cause__, "pgcode", None)
    if state is not None:
        return state in (UNIQUE_VIOLATION, FOREIGN_KEY_VIOLATION, DEADLOCK)
    return str(error).startswith(("UNIQUE constraint", "FOREIGN KEY constraint"))


def _answer(status_code: int, code: str, message: str, request_id: str) -> Response:
    return Response(envelope.failure(message, code=code, request_id=request_id), status=status_code)
