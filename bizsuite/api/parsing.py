"""Reading a request's body: JSON and nothing else, bounded, strict."""

from email.message import Message
from typing import Any

from django.http import HttpRequest
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser

from bizsuite.errors import Invalid
from bizsuite.exact_json import MalformedJSON, decode

MEDIA_TYPE = "application/json"


class PayloadTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "payload_too_large"


class StrictJSONParser(BaseParser):
    """Tells DRF and the schema which media type there is; views read with `parse_body`."""

    media_type = MEDIA_TYPE

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        request, limit = parser_context["request"]._request, parser_context["view"].max_body_bytes
        return parse_body(request, read_body(request, limit=limit))


def parse_body(request: HttpRequest, body: bytes) -> dict[str, Any]:
    """The JSON object that `body` is; an absent body is an empty one.

    Raises UnsupportedMediaType, ParseError and Invalid.
    """
    if not body:
        return {}
    _require_json(request)
    try:
        value = decode(body)
    except MalformedJSON as error:
        raise ParseError(str(error)) from None
    if not isinstance(value, dict):
        raise Invalid({"body": "Must be an object"})
    return value


def read_body(request: HttpRequest, *, limit: int) -> bytes:
    """The body as it came.

    limit: bytes. Raises PayloadTooLarge (from the announced length where there is one) and
    ParseError. Reading it again gives the same: a signature is over it, then the view wants it.
    """
    if not hasattr(request, "whole_body"):
        request.whole_body = _read_body(request, limit=limit)
    return request.whole_body


def _read_body(request: HttpRequest, *, limit: int) -> bytes:
    too_large = PayloadTooLarge(f"The body is larger than {limit // 1_000_000} MB.")
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if not (announced.isascii() and announced.isdigit()):
        raise ParseError("Content-Length must be a whole number.")
    if int(announced) > limit:
        raise too_large
    try:
        if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
            # Django reads as much as Content-Length says, which a chunked body has not; the
            # server has already taken the chunks apart.
            body = request.META["wsgi.input"].read(limit + 1)
        else:
            body = request.body
    except OSError:  # the client went away, was too slow, or sent broken chunks
        raise ParseError("The body did not arrive whole.") from None
    if len(body) > limit:
        raise too_large
    return body


def _require_json(request: HttpRequest) -> None:
    content_type = Message()
    content_type["Content-Type"] = request.META.get("CONTENT_TYPE", "")
    if content_type.get_content_type() != MEDIA_TYPE:
        raise UnsupportedMediaType(
            request.META.get("CONTENT_TYPE", ""), "Send the body as application/json."
        )
    if str(content_type.get_param("charset", "utf-8")).lower() not in ("utf-8", "utf8"):
        raise UnsupportedMediaType("", "Send the body in UTF-8.")
    encoding = request.headers.get("Content-Encoding", "identity")
    if encoding.lower() != "identity":
        raise UnsupportedMediaType(encoding, f"Content-Encoding {encoding} is not supported.")
