"""Refusals as an operator reads them: one line each on stderr, exit code 1, no traceback."""

import contextlib
from collections.abc import Iterator

from django.core.management.base import CommandError
from django.db import OperationalError, ProgrammingError

from bizsuite.errors import DomainError, Invalid


@contextlib.contextmanager
def plain_errors() -> Iterator[None]:
    try:
        yield
    except Invalid as error:
        lines = [f"{field}: {text}" for field, text in error.errors.items()]
        raise CommandError("\n".join(lines)) from error
    except DomainError as error:
        raise CommandError(error.message) from error
    except (OperationalError, ProgrammingError) as error:
        # Away, or not migrated yet.
        raise CommandError(
            f"The database cannot be used: {str(error).strip()}\n"
            "`manage.py up` or `manage.py migrate` prepares it."
        ) from error
