"""Signing in to the admin, with a brake against guessing passwords.

Every attempt is counted before its password is looked at, so that many at once get no further than
the few that are allowed. What is counted is a name together with where it is tried from: who
guesses from elsewhere locks nobody out here. A second, wider count per address stops trying one
password on many names.
"""

import datetime
import hashlib
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from bizsuite.api.counters import request_counter
from bizsuite.events.recording import record_event
from bizsuite.identity.actors import Actor
from bizsuite.identity.backends import EmailBackend
from bizsuite.identity.models import User
from bizsuite.records import folded
from bizsuite.team.serializers import UserSerializer

ATTEMPTS_PER_NAME = 5
# More: a whole office may share one address.
ATTEMPTS_PER_ADDRESS = 50
WINDOW_SECONDS = 15 * 60

_SUBJECT = "sign-in:"


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One attempt, counted. until: epoch seconds when the count begins anew."""

    name_subject: str
    address_subject: str
    by_name: int
    by_address: int
    until: int

    @property
    def is_one_too_many(self) -> bool:
        return self.by_name > ATTEMPTS_PER_NAME or self.by_address > ATTEMPTS_PER_ADDRESS

    @property
    def locks_the_name(self) -> bool:
        return self.by_name == ATTEMPTS_PER_NAME + 1


class BrakedEmailBackend(EmailBackend):
    """E-mail address and password, a few times in a quarter of an hour."""

    def authenticate(
        self, request: HttpRequest | None, username: str = "", password: str = "", **_: Any
    ) -> User | None:
        if request is None:  # not a person at a login page
            return super().authenticate(request, username, password)
        now = timezone.now()
        attempt = _count(username, request, now=now)
        if attempt.is_one_too_many:
            request.sign_in_again_at = attempt.until  # type: ignore[attr-defined]
            if attempt.locks_the_name:
                _record_lock(username, request)
            # Django asks no further backend then.
            raise PermissionDenied
        user = super().authenticate(request, username, password)
        if user is not None:
            # Not forgotten for the address: signing in oneself must not buy more guesses.
            request_counter().take_back(attempt.address_subject)
            request_counter().forget(attempt.name_subject)
        return user


def seconds_until_next_attempt(request: HttpRequest, *, now: datetime.datetime) -> int:
    """How long this request's sender has to wait after too many attempts; 0 if they need not."""
    until: int = getattr(request, "sign_in_again_at", 0)
    return max(1, until - int(now.timestamp())) if until else 0


def unlock_sign_in(email: str | None = None) -> None:
    """Forget the attempts to sign in as `email`, from anywhere; without one, all attempts."""
    request_counter().forget(_SUBJECT if email is None else _name_beginning(email))


def _count(username: str, request: HttpRequest, *, now: datetime.datetime) -> _Attempt:
    where = request.client.subject  # type: ignore[attr-defined]
    name_subject = f"{_name_beginning(username)}{where}:"
    address_subject = f"{_SUBJECT}address:{where}"
    seconds = int(now.timestamp())
    by_name, name_until = request_counter().add(
        name_subject, now=seconds, window_seconds=WINDOW_SECONDS
    )
    by_address, address_until = request_counter().add(
        address_subject, now=seconds, window_seconds=WINDOW_SECONDS
    )
    until = address_until if by_address > ATTEMPTS_PER_ADDRESS else name_until
    return _Attempt(name_subject, address_subject, by_name, by_address, until)


def _name_beginning(username: str) -> str:
    """A hash: what is typed as a name may be long, or a password by mistake."""
    # In capitals first, as PostgreSQL looks names up: to it a dotless i is an I like any other.
    name = hashlib.sha256(folded(username.strip().upper()).encode()).hexdigest()[:16]
    return f"{_SUBJECT}{name}:"


@transaction.atomic
def _record_lock(username: str, request: HttpRequest) -> None:
    """Say so in the audit log, once per window, where the name is somebody's."""
    user = User.objects.filter(email__iexact=username.strip()).first()
    if user is None:
        return
    address = request.client.address  # type: ignore[attr-defined]
    actor = Actor(
        name=f"somebody at {address}",
        role="",
        source="admin",
        request_id=request.request_id,  # type: ignore[attr-defined]
    )
    record_event("user.locked_out", user, data=UserSerializer(user).data, actor=actor)
