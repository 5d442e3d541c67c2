"""Where commands get a password from: never from the command line, which others can see."""

import getpass
import os
import sys

from django.core.management.base import CommandError

VARIABLE = "BIZSUITE_ADMIN_PASSWORD"


def ask_password() -> str:
    """The password in the environment, else what is typed twice at the prompt."""
    if password := os.environ.get(VARIABLE):
        return password
    if not sys.stdin.isatty():
        raise CommandError(f"Set {VARIABLE}, or run this in a terminal to be asked.")
    password = getpass.getpass("Password: ")
    if password != getpass.getpass("Password again: "):
        raise CommandError("The two passwords differ.")
    return password
