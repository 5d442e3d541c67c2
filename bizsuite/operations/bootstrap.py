"""The first administrator of an empty installation."""

import os
import secrets
import string
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from django.db import transaction

from bizsuite.identity.actors import Actor
from bizsuite.identity.models import User
from bizsuite.identity.roles import Role
from bizsuite.team.keys import create_api_key
from bizsuite.team.users import create_user

FILE_NAME = "first-login.txt"
PASSWORD_LENGTH = 20
PASSWORD_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True)
class FirstLogin:
    email: str
    password: str
    key: str


@transaction.atomic
def bootstrap(*, email: str, url: str, data_dir: Path, out: TextIO) -> None:
    """Make an administrator with an API key while there is no user, and hand the login over.

    On a terminal it is printed; else it goes into a file that only its owner reads, because what
    a service prints ends up in logs. Raises Invalid when `email` is none.
    """
    if User.objects.exists():
        return
    text = _describe(_create_first_login(email), url)
    # Before the commit: an administrator whose password nobody got would lock everybody out.
    if out.isatty():
        out.write(text)
    else:
        path = write_private_file(data_dir / FILE_NAME, text)
        out.write(f"The administrator's login and API key are in {path}\n")
    out.flush()


def _create_first_login(email: str) -> FirstLogin:
    actor = Actor.system("cli")
    password = "".join(secrets.choice(PASSWORD_ALPHABET) for _ in range(PASSWORD_LENGTH))
    user = create_user(
        email=email, name="Owner", password=password, role=Role.ADMINISTRATOR, actor=actor
    )
    _, key = create_api_key(user, name="First key", actor=actor)
    return FirstLogin(email=email, password=password, key=key)


def _describe(login: FirstLogin, url: str) -> str:
    return f"""
  Welcome to Business Suite. This is shown once:

  Admin     {url}/admin/
  Login     {login.email}
  Password  {login.password}
  API key   {login.key}

  Once it is ready, try:
  curl -H 'Authorization: Bearer {login.key}' '{url}/api/v2/customers'

"""


def write_private_file(path: Path, text: str) -> Path:
    """Put a file (mode 0600) in place in one step, replacing an older one."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    return draft.replace(path)
