"""Whose turn it is to send, and how it passes on when the process that has it dies."""

import datetime
import os
import secrets
import socket
from pathlib import Path
from typing import Self

from django.db import transaction
from django.db.models import Q, QuerySet

from webhooks.claiming import free_leases
from webhooks.models import DispatchTurn

# Several times the dispatcher's poll: only a dead or stalled process loses its turn.
TURN = datetime.timedelta(seconds=10)


class Turn:
    """This process's turn to send, for as long as it is kept."""

    def __init__(self, token: str, until: datetime.datetime) -> None:
        self._token = token
        self._until = until

    @classmethod
    def take(cls, now: datetime.datetime) -> Self | None:
        """The turn, or None while another process has it."""
        DispatchTurn.objects.bulk_create([DispatchTurn(pk=1)], ignore_conflicts=True)
        token, until = secrets.token_hex(16), now + TURN
        free = DispatchTurn.objects.filter(Q(until=None) | Q(until__lte=now), pk=1)
        taken = free.update(
            token=token,
            until=until,
            taken_at=now,
            host=socket.gethostname(),
            process_id=os.getpid(),
            machine=this_machine(),
        )
        return cls(token, until) if taken else None

    def keep(self, now: datetime.datetime) -> bool:
        """Prolong the turn when it is half over; False when another process has taken it."""
        if now < self._until - TURN / 2:
            return True
        if not self._row().update(until=now + TURN):
            return False
        self._until = now + TURN
        return True

    def release(self) -> None:
        self._row().update(token="", until=None)

    def _row(self) -> QuerySet[DispatchTurn]:
        return DispatchTurn.objects.filter(pk=1, token=self._token)


def end_turn_of_the_dead() -> None:
    """Free the turn, and what was being sent under it, if its process was of this machine and is
    no more. One elsewhere that fell silent loses the turn when it is over, and what it was
    sending when the leases are."""
    row = DispatchTurn.objects.filter(pk=1).exclude(token="").first()
    if row is None or not has_ended(row.machine, row.process_id):
        return
    with transaction.atomic():
        if DispatchTurn.objects.filter(pk=1, token=row.token).update(token="", until=None):
            free_leases()


def this_machine() -> str:
    """What process ids are unique within: one run of a machine and, on Linux, one container of it."""
    try:
        run = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{run} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return socket.gethostname()


def has_ended(machine: str, process_id: int | None) -> bool:
    """Whether a process is certainly over. Of another machine's, and of one whose id has been
    given to another since, that cannot be said: False."""
    if process_id is None or machine != this_machine():
        return False
    try:
        os.kill(process_id, 0)  # sends nothing
    except ProcessLookupError:
        return True
    except PermissionError:
        pass  # somebody else's, so there is one
    return False
