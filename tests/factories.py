"""Test data, made by our own actions, so that it is always legal."""

import datetime
import itertools
from typing import Any

from bizsuite.identity.actors import Actor
from bizsuite.identity.models import ApiKey, User
from bizsuite.identity.roles import Role
from bizsuite.team import keys, users
from customers import customers
from customers.models import Customer

SYSTEM = Actor.system("cli")
PASSWORD = "correct horse battery staple"

_numbers = itertools.count(1)


def make_user(
    *,
    email: str | None = None,
    name: str = "Ada Reyes",
    password: str = PASSWORD,
    role: str = Role.ADMINISTRATOR,
) -> User:
    return users.create_user(
        email=email or f"user{next(_numbers)}@example.com",
        name=name,
        password=password,
        role=role,
        actor=SYSTEM,
    )


def make_key(
    user: User | None = None,
    *,
    role: str = Role.ADMINISTRATOR,
    name: str = "Tests",
    scopes: tuple[str, ...] = (),
    rate_limit: int | None = None,
    expires_at: datetime.datetime | None = None,
) -> tuple[ApiKey, str]:
    """The key's row and the key itself; of `user`, or of a new one with `role`."""
    return keys.create_api_key(
        user or make_user(role=role),
        name=name,
        scopes=scopes,
        rate_limit=rate_limit,
        expires_at=expires_at,
        actor=SYSTEM,
    )


def make_customer(**fields: Any) -> Customer:
    return customers.create_customer(actor=SYSTEM, **({"account": "Jane Smith"} | fields))
