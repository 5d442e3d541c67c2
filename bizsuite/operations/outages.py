"""What the log says while the database is away."""

import logging

from django.db import InterfaceError, OperationalError

# PostgreSQL's SQLSTATEs of a server that stops or has only begun to start.
_STOPPING = ("57P01", "57P02", "57P03")


def is_outage(error: BaseException | None) -> bool:
    """Whether PostgreSQL could not be reached, or went away; not what it refused, such as a
    deadlock, which has another SQLSTATE, nor anything of SQLite's, whose file does not go away."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state = getattr(error.__cause__, "pgcode", "none of PostgreSQL's")
    return state is None or state in _STOPPING


class OutageFilter(logging.Filter):
    """Writes one line where each job of a long outage would write the same traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if is_outage(error):
            reason, *_more = str(error).strip().splitlines() or ["it hung up"]
            record.msg, record.args = f"{_said(record)}: no database: {reason}", ()
            record.exc_info = record.exc_text = None
        return True


def _said(record: logging.LogRecord) -> str:
    """What Celery's lines begin with: `Task webhooks.tasks.deliver[5f2b…]`. Of others all."""
    context = record.__dict__.get("data")
    if isinstance(context, dict) and "name" in context and "id" in context:
        return f"Task {context['name']}[{context['id']}]"
    return record.getMessage()
