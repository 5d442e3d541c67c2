"""Where this installation is reached from outside: what the links begin with that leave in mails."""

import os
import re
from collections.abc import Sequence

import environ
from django.core.exceptions import ImproperlyConfigured

# Where `up` listens unless told otherwise.
THIS_MACHINE = "http://localhost:8000"


def public_url(env: environ.Env, *, origins: Sequence[str]) -> str:
    """The address without a slash at its end: what is set, else the first of the trusted origins.

    Empty where others are let in and nothing says under which address: whoever makes a link says
    so then. Raises ImproperlyConfigured for what is no address.
    """
    given = env("BIZSUITE_PUBLIC_URL", default="").rstrip("/")
    if given:
        if not re.fullmatch(r"https?://[^/?#\s]+(/[^?#\s]*)?", given):
            raise ImproperlyConfigured(
                f"BIZSUITE_PUBLIC_URL is {given!r}; it must be an address such as"
                " https://books.example.com."
            )
        return str(given)
    for origin in origins:
        if "*" not in origin:
            return origin.rstrip("/")
    return "" if "BIZSUITE_ALLOWED_HOSTS" in os.environ else THIS_MACHINE
