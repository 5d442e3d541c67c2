"""What a business rule says when it refuses. Mapped to HTTP once, in `bizsuite.api.exceptions`.

Each class has a stable `code` (part of the API's contract) and the HTTP status that it means.
"""

from collections.abc import Mapping


class DomainError(Exception):
    """A refusal with a message that may be shown to the person who asked."""

    status = 400
    code = "invalid_request"
    # One sentence about each field that it is about, by the field's dotted path.
    errors: Mapping[str, str] | None = None

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Invalid(DomainError):
    """Some fields are wrong: `errors` says which."""

    errors: Mapping[str, str]

    code = "validation_failed"

    def __init__(self, errors: dict[str, str], message: str = "Validation failed") -> None:
        super().__init__(message)
        self.errors = errors


class Unauthorized(DomainError):
    status = 401
    code = "unauthorized"


class Forbidden(DomainError):
    status = 403
    code = "forbidden"


class NotFound(DomainError):
    status = 404
    code = "not_found"


class Conflict(DomainError):
    """The state forbids it. `allowed` names the moves that this state does allow, if any."""

    status = 409
    code = "conflict"

    def __init__(self, message: str, *, allowed: list[str] | None = None) -> None:
        super().__init__(message)
        self.allowed = allowed or []


class Stale(DomainError):
    """Somebody else changed the record since the caller read it."""

    status = 412
    code = "stale"


class Unavailable(DomainError):
    status = 503
    code = "unavailable"
