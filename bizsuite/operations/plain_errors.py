"""Refusals as an operator reads them: one line each on stderr, exit code 1, no traceback."""

import contextlib
from collections.abc import Iterator

from django.core.management.base import CommandError
from django.db import InterfaceError, OperationalError, ProgrammingError

from bizsuite.errors import DomainError, Invalid
from bizsuite.operations.outages import is_outage


@contextlib.contextmanager
def plain_errors() -> Iterator[None]:
    try:
        yield
    except Invalid as error:
        lines = [f"{field}: {text}" for field, text in error.errors.items()]
        raise CommandError("\n".join(lines)) from error
    except DomainError as error:
        raise CommandError(error.message) from error
    except (InterfaceError, OperationalError, ProgrammingError) as error:
        advice = (
            "See whether it runs, and whether DATABASE_URL leads to it."
            if is_outage(error)
            else "`manage.py up` or `manage.py migrate` prepares it."
        )
        text = f"The database cannot be used: {str(error).strip()}\n{advice}"
        raise CommandError(text) from error
