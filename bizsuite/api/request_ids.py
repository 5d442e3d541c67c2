"""The id of the request under way: in the answer, the audit row and every log line."""

import contextvars
import logging
import re
import uuid

from django.http import HttpRequest

_VALID = re.compile(r"[A-Za-z0-9._:-]{1,128}")

current_request_id = contextvars.ContextVar("request_id", default="-")


def request_id_of(request: HttpRequest) -> str:
    """The caller's own X-Request-ID if it is a plain one, else a new id."""
    inbound: str = request.headers.get("X-Request-ID", "")
    return inbound if _VALID.fullmatch(inbound) else uuid.uuid4().hex


class RequestIdFilter(logging.Filter):
    """Gives every log line the id of the request that it belongs to."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_request_id.get()
        return True
