"""The addresses of shared links: their tokens, and where this installation is reached."""

from django.conf import settings

from billing.models import SharedLink
from bizsuite.crypto import decrypt, keyed_hash, random_token
from bizsuite.errors import Conflict

# 160 bits, of letters and figures only: mail programs cut a link where it ends in a sign.
TOKEN_LENGTH = 32
# Where the pages are, below the public address.
PAGES = "/d/"


class PublicAddressMissing(Conflict):
    code = "public_address_missing"


def public_url() -> str:
    """Where this installation is reached from outside, without a slash at its end.

    Raises PublicAddressMissing: a link to the wrong place would be noticed by customers only.
    """
    if not settings.PUBLIC_URL:
        raise PublicAddressMissing(
            "Links cannot be made: this installation does not know under which address others reach"
            " it. Whoever runs it must set BIZSUITE_PUBLIC_URL, such as https://books.example.com."
        )
    return str(settings.PUBLIC_URL)


def url_of(link: SharedLink) -> str:
    return f"{public_url()}{PAGES}{decrypt(link.encrypted_token)}"


def new_token() -> str:
    return random_token(TOKEN_LENGTH)


def token_hash(token: str) -> str:
    """What a token is looked up by; said what it is for, as the same pepper hashes API keys."""
    return keyed_hash(f"shared-link:{token}")
