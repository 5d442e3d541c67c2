"""JSON that neither loses a cent nor guesses.

Encoding: Decimals become JSON numbers as they print (1500.00 stays 1500.00), instants are UTC
in whole seconds. Decoding: numbers with a point become Decimal, and what two readers could
understand differently (duplicate keys, NaN, lone surrogates, NUL) is refused.
"""

import datetime
import json
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

import msgspec
from django.utils.functional import Promise

MAX_DEPTH = 32
# Larger whole numbers than this fit no column; refusing them here spares every field the check.
MAX_INTEGER = 2**63 - 1


def _plain(value: Any) -> Any:
    if isinstance(value, Promise):  # a lazily translated text
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


_encoder = msgspec.json.Encoder(decimal_format="number", enc_hook=_plain)


class MalformedJSON(ValueError):
    """The text is not JSON as this product reads it. The message says what is wrong."""


def encode(value: Any) -> bytes:
    """Render plain data. Decimals must be quantized already; NaN and Infinity are refused."""
    return _encoder.encode(value)


def instant(moment: datetime.datetime) -> str:
    """An instant as the API shows it: UTC, whole seconds, `2024-01-15T10:00:00Z`."""
    return f"{moment.astimezone(datetime.UTC).replace(microsecond=0, tzinfo=None).isoformat()}Z"


def decode(body: bytes) -> Any:
    """Parse a JSON text strictly. Raises MalformedJSON."""
    try:
        # The standard library and not msgspec: only it lets us see duplicate keys.
        value = json.loads(
            body.decode("utf-8"),
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_unique_pairs,
        )
    except UnicodeDecodeError:
        raise MalformedJSON("The body is not valid UTF-8.") from None
    except RecursionError:
        raise MalformedJSON(f"The body is nested deeper than {MAX_DEPTH} levels.") from None
    except json.JSONDecodeError as error:
        raise MalformedJSON(
            f"Malformed JSON: {error.msg} (line {error.lineno}, column {error.colno})."
        ) from None
    except MalformedJSON:
        raise
    except (ValueError, InvalidOperation):
        # int() refuses more than 4,300 digits, Decimal exponents of more than 18.
        raise MalformedJSON("A number is too large.") from None
    _check(value, depth=1)
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedJSON(f"{name} is not a JSON number.")


def _unique_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise MalformedJSON(f"The key {twice[:50]!r} stands twice in one object.")
    return found


def _check(value: Any, depth: int) -> None:
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict):
        if depth > MAX_DEPTH:
            raise MalformedJSON(f"The body is nested deeper than {MAX_DEPTH} levels.")
        for name, item in value.items():
            _check_text(name)
            _check(item, depth + 1)
    elif isinstance(value, list):
        if depth > MAX_DEPTH:
            raise MalformedJSON(f"The body is nested deeper than {MAX_DEPTH} levels.")
        for item in value:
            _check(item, depth + 1)
    elif _is_too_large(value):
        raise MalformedJSON("A number is too large.")


def _is_too_large(value: Any) -> bool:
    if isinstance(value, int):
        return abs(value) > MAX_INTEGER
    return isinstance(value, Decimal) and not -400 < value.adjusted() < 400


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise MalformedJSON("Text must not contain NUL characters.")
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise MalformedJSON("Text must not contain lone surrogates.") from None
