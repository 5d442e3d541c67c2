"""What the OpenAPI document says once for all operations: errors, headers, the envelope."""

from typing import Any

from bizsuite.api.envelope import UNAUTHORIZED_MESSAGE
from bizsuite.api.fields import MAX_ID
from bizsuite.api.listing import MAX_LIMIT
from bizsuite.api.parsing import MEDIA_TYPE

Schema = dict[str, Any]

_ALWAYS: dict[str, Schema] = {
    "X-Request-ID": {
        "description": "Names this request in the logs and the audit trail. A plain one that "
        "you send (letters, digits and `._:-`) is echoed.",
        "schema": {"type": "string"},
    },
    "X-RateLimit-Limit": {
        "description": "Requests that this key may make in an hour.",
        "schema": {"type": "integer", "example": 1000},
    },
    "X-RateLimit-Remaining": {
        "description": "How many of them are left.",
        "schema": {"type": "integer", "example": 999},
    },
    "X-RateLimit-Reset": {
        "description": "When the hour ends, in seconds since 1970-01-01T00:00:00Z.",
        "schema": {"type": "integer", "example": 1516131220},
    },
    "Retry-After": {
        "description": "Seconds to wait before trying again.",
        "schema": {"type": "integer"},
    },
    "Link": {
        "description": "Addresses of the first, previous, next and last page (RFC 8288); of a list "
        "that is followed by a cursor, where to go on.",
        "schema": {"type": "string"},
    },
    "Location": {
        "description": "The new record's address.",
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "ETag": {
        "description": "Names this state of the record, for If-None-Match and If-Match.",
        "schema": {"type": "string", "example": '"3-9f86d081884c7d65"'},
    },
    "Allow": {
        "description": "The methods that this address takes.",
        "schema": {"type": "string"},
    },
    "WWW-Authenticate": {
        "description": "The way to authenticate: Bearer.",
        "schema": {"type": "string"},
    },
}
HEADERS: dict[str, Schema] = {
    **{name: header | {"required": True} for name, header in _ALWAYS.items()},
    "Idempotent-Replayed": {
        "description": "`true` on an answer that was kept from an earlier request with the same "
        "Idempotency-Key.",
        "schema": {"type": "string", "const": "true"},
    },
}
ON_EVERY_ANSWER = (
    "X-Request-ID",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
)

PAGE: Schema = {
    "type": "object",
    "required": ["current_page", "total_pages", "total_records", "limit"],
    "properties": {
        "current_page": {"type": "integer", "minimum": 1, "example": 1},
        "total_pages": {"type": "integer", "minimum": 1, "example": 5},
        "total_records": {"type": "integer", "minimum": 0, "example": 100},
        "limit": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "example": 20},
    },
}
CURSOR_PAGE: Schema = {
    "type": "object",
    "required": ["next_after", "has_more", "last", "limit"],
    "properties": {
        "next_after": {
            "type": "integer",
            "minimum": 0,
            "description": "Ask for this as `after` the next time, also where nothing was found.",
            "example": 17,
        },
        "has_more": {
            "type": "boolean",
            "description": "Whether to ask again at once: there is more to look through.",
            "example": False,
        },
        "last": {
            "type": "integer",
            "minimum": 0,
            "description": "The last number that there is.",
            "example": 17,
        },
        "limit": PAGE["properties"]["limit"] | {"description": "Records on a page."},
    },
}
_FAILURE_PROPERTIES: Schema = {
    "success": {"type": "boolean", "const": False},
    "message": {"type": "string", "description": "One sentence for a person."},
    "code": {"type": "string", "description": "For programs: stable, in snake_case."},
    "request_id": {"type": "string", "description": "Same as the X-Request-ID header."},
}
SCHEMAS: dict[str, Schema] = {
    "Failure": {
        "type": "object",
        "required": ["success", "message", "code", "request_id"],
        "properties": _FAILURE_PROPERTIES,
    },
    "ValidationFailure": {
        "type": "object",
        "required": ["success", "errors", "message", "code", "request_id"],
        "properties": _FAILURE_PROPERTIES
        | {
            "errors": {
                "type": "object",
                "description": "One sentence per field or parameter; nested fields by dotted "
                "path, such as `items.0.amount`.",
                "additionalProperties": {"type": "string"},
            }
        },
    },
    "Conflict": {
        "type": "object",
        "required": ["success", "message", "code", "request_id"],
        "properties": _FAILURE_PROPERTIES
        | {
            "allowed": {
                "type": "array",
                "items": {"type": "string"},
                "description": "What the record's present state does allow.",
            },
            "errors": {
                "type": "object",
                "description": "What is missing, where something is: one sentence for each field "
                "that would hold it.",
                "additionalProperties": {"type": "string"},
            },
        },
    },
    "Unauthorized": {
        "type": "object",
        "required": ["success", "message"],
        "properties": {
            "success": {"type": "boolean", "const": False},
            "message": {"type": "string", "const": UNAUTHORIZED_MESSAGE},
        },
        "additionalProperties": False,
    },
    "Page": PAGE,
    "CursorPage": CURSOR_PAGE,
}


def ref(kind: str, name: str) -> Schema:
    return {"$ref": f"#/components/{kind}/{name}"}


def headers(*names: str) -> Schema:
    """The headers of every answer, and these."""
    return {name: ref("headers", name) for name in (*ON_EVERY_ANSWER, *names)}


def example_failure(message: str, code: str, **more: Any) -> Schema:
    request_id = "5f0c0b6c9f7e4f0e8a3f1d2c4b5a6978"
    return {"success": False, **more, "message": message, "code": code, "request_id": request_id}


def _failure(
    description: str,
    message: str,
    code: str,
    *extra_headers: str,
    shape: str = "Failure",
    **more: Any,
) -> Schema:
    return {
        "description": description,
        "headers": headers(*extra_headers),
        "content": {
            MEDIA_TYPE: {
                "schema": ref("schemas", shape),
                "example": example_failure(message, code, **more),
            }
        },
    }


RESPONSES: dict[str, Schema] = {
    "BadRequest": {
        "description": "Malformed, misspelt, of the wrong type or out of bounds. Nothing was done.",
        "headers": headers(),
        "content": {
            MEDIA_TYPE: {
                "schema": {
                    "anyOf": [ref("schemas", "ValidationFailure"), ref("schemas", "Failure")]
                },
                "examples": {
                    "validation": {
                        "value": example_failure(
                            "Validation failed",
                            "validation_failed",
                            errors={
                                "email": "Invalid email format",
                                "amount": "Amount must be greater than 0",
                            },
                        )
                    },
                    "malformed": {
                        "value": example_failure(
                            "Malformed JSON: Expecting value (line 1, column 12).", "bad_request"
                        )
                    },
                },
            }
        },
    },
    "Unauthorized": {
        "description": "No key, or one that is unknown, expired, revoked, not good from this "
        "address, or not signed as it must be.",
        "headers": headers("WWW-Authenticate"),
        "content": {
            MEDIA_TYPE: {
                "schema": ref("schemas", "Unauthorized"),
                "example": {"success": False, "message": UNAUTHORIZED_MESSAGE},
            }
        },
    },
    "Forbidden": _failure(
        "The key's role or scopes do not allow this, or plain HTTP was used from afar.",
        "This key may not write customers.",
        "forbidden",
    ),
    "NotFound": _failure(
        "There is no such record or address.", "There is no such record.", "not_found"
    ),
    "MethodNotAllowed": _failure(
        "This address does not take that method; `Allow` names those it takes.",
        'Method "DELETE" not allowed.',
        "method_not_allowed",
        "Allow",
    ),
    "NotAcceptable": _failure(
        "Only application/json is served.",
        "Could not satisfy the request Accept header.",
        "not_acceptable",
    ),
    "Conflict": _failure(
        "The present state does not allow this; nothing was done.",
        "This conflicts with something saved at the same moment.",
        "conflict",
        shape="Conflict",
    ),
    "Stale": _failure(
        "Somebody changed the record since the state that If-Match names; nothing was done.",
        "This record has been changed since you read it.",
        "stale",
    ),
    "PayloadTooLarge": _failure(
        "The body is larger than 2 MB (a batch: 10 MB).",
        "The body is larger than 2 MB.",
        "payload_too_large",
    ),
    "UriTooLong": _failure(
        "The address is longer than 8 kB.", "The address is too long.", "uri_too_long"
    ),
    "UnsupportedMediaType": _failure(
        "Bodies are application/json in UTF-8, uncompressed.",
        "Send the body as application/json.",
        "unsupported_media_type",
    ),
    "KeyReused": _failure(
        "The Idempotency-Key stood with another request; nothing was done.",
        "This idempotency key was used with another request.",
        "idempotency_key_reused",
    ),
    "TooManyRequests": _failure(
        "The key's requests of this hour are used up.",
        "Rate limit of 1000 requests per hour exceeded.",
        "rate_limited",
        "Retry-After",
    ),
    "ServerError": _failure(
        "Our mistake. Nothing was done.",
        "Something went wrong on our side. It has been logged.",
        "server_error",
    ),
    "Unavailable": _failure(
        "The database is away for a moment. Nothing was done.",
        "The service is briefly unavailable. Try again in a moment.",
        "unavailable",
        "Retry-After",
    ),
}

# status → name of the response above, for every operation …
ERRORS_OF_ALL = {
    "400": "BadRequest",
    "401": "Unauthorized",
    "403": "Forbidden",
    "405": "MethodNotAllowed",
    "406": "NotAcceptable",
    "414": "UriTooLong",
    "429": "TooManyRequests",
    "500": "ServerError",
    "503": "Unavailable",
}
# … for those with an id in their address, those that write, those that change or remove a record
# in place, those that create or act, and those with a body.
ERRORS_OF_ONE = {"404": "NotFound"}
ERRORS_OF_WRITES = {"409": "Conflict"}
ERRORS_OF_CHANGES = {"412": "Stale"}
ERRORS_OF_POSTS = {"422": "KeyReused"}
ERRORS_OF_BODIES = {"413": "PayloadTooLarge", "415": "UnsupportedMediaType"}

IF_NONE_MATCH: Schema = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The ETag of the state that you have: if it still is the present one, the "
    "answer is an empty 304.",
    "schema": {"type": "string"},
}
IF_MATCH: Schema = {
    "name": "If-Match",
    "in": "header",
    "description": "The ETag of the state that you have seen: if it no longer is the present "
    "one, nothing is done and the answer is a 412.",
    "schema": {"type": "string"},
}
IDEMPOTENCY_KEY: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "A name of your own for this request, unique among those of your API key: sent "
    "again within 24 hours it has no second effect, and the answer is the first one's.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
NOT_MODIFIED: Schema = {
    "description": "The state that you have is the present one.",
    "headers": headers("ETag"),
}


def id_parameter(name: str) -> Schema:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "schema": {"type": "integer", "minimum": 1, "maximum": MAX_ID},
    }


def envelope(data: Schema, *, meta: str | None = None) -> Schema:
    """The schema of a success around the schema of its data; meta: the name of that one's."""
    properties = {"success": {"type": "boolean", "const": True}, "data": data}
    if meta is not None:
        properties["meta"] = ref("schemas", meta)
    return {"type": "object", "required": list(properties), "properties": properties}


def message_envelope(example: str) -> Schema:
    return {
        "type": "object",
        "required": ["success", "message"],
        "properties": {
            "success": {"type": "boolean", "const": True},
            "message": {"type": "string", "example": example},
        },
    }
