"""Where a webhook may go: the URL's form, judged without asking the network.

One parser for the judging and the sending, so that no second reading of the same text can lead
somewhere else. What a host name resolves to is judged where it is resolved: once at creation
(`refused_answer`) and at every connection (`webhooks.sending`).
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings

from webhooks.addresses import is_public
from webhooks.models import URL_LENGTH

DEFAULT_PORTS = {"https": 443, "http": 80}
PUBLIC_PORTS = (443, 8443)

_URL = re.compile(r"(?P<scheme>https?)://(?P<authority>[^/?#]*)(?P<target>[^#]*)", re.IGNORECASE)
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:(?P<port>[0-9]{1,5}))?")
_LABEL = "[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z)({_LABEL}\.)*{_LABEL}")
# RFC 3986, and none of the characters that readers of URLs disagree about.
_PLAIN = re.compile(r"[!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]+")
# A name whose last part is a number is an IPv4 address to the system's resolver, in any of its
# historic forms (127.1, 0x7f.1, 017700000001).
_NUMERIC_END = re.compile(r"(.*\.)?(0x[0-9a-f]*|[0-9]+)")


class UrlRefused(ValueError):
    """The URL is not one to send to. The message says why, in one sentence without a stop."""


@dataclass(frozen=True, slots=True)
class Target:
    """host: lower case, without brackets. path: with the query, as it goes on the wire.
    trusted: the operator allows this host, so it may be private, plain HTTP and on any port.
    """

    scheme: str
    host: str
    port: int
    path: str
    trusted: bool


def is_trusted(host: str) -> bool:
    allowed = {name.strip("[]").lower() for name in settings.WEBHOOK_ALLOWED_HOSTS}
    return host in allowed


def parse_target(url: str) -> Target:
    """Read a URL and refuse every form that webhooks do not go to. Raises UrlRefused."""
    if len(url) > URL_LENGTH:
        raise UrlRefused(f"Must have no more than {URL_LENGTH} characters")
    if not _PLAIN.fullmatch(url):
        raise UrlRefused("Must be a URL in plain ASCII, an international name in its xn-- form")
    parts = _URL.fullmatch(url)
    if parts is None:
        raise UrlRefused("Must be a URL that begins with https:// and has no fragment")
    host, port = _host_and_port(parts["authority"])
    scheme = parts["scheme"].lower()
    target = Target(
        scheme=scheme,
        host=host,
        port=DEFAULT_PORTS[scheme] if port is None else port,
        path=parts["target"] if parts["target"].startswith("/") else "/" + parts["target"],
        trusted=is_trusted(host),
    )
    if not target.trusted:
        _require_public_form(target)
    return target


def refused_answer(addresses: Iterable[str]) -> str | None:
    """Why what a name resolves to is refused, or None. One bad address spoils the name."""
    if all(is_public(address) for address in addresses):
        return None
    return "Must lead to a public address"


def _host_and_port(authority: str) -> tuple[str, int | None]:
    if "@" in authority:
        raise UrlRefused("Must not contain a user name")
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None:
        raise UrlRefused("Must name a host")
    port = None if parts["port"] is None else int(parts["port"])
    if port is not None and not 1 <= port <= 65535:
        raise UrlRefused("Must have a port from 1 to 65535")
    host = parts["host"].lower()
    return (_address(host[1:-1], 6) if host.startswith("[") else _name(host)), port


def _name(host: str) -> str:
    if _NUMERIC_END.fullmatch(host):
        return _address(host, 4)
    if not _NAME.fullmatch(host):
        raise UrlRefused("Must name a host")
    return host


def _address(text: str, version: int) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        address = None
    if address is None or address.version != version:
        raise UrlRefused("Must name a host, or an address in its usual form")
    return str(address)


def _require_public_form(target: Target) -> None:
    if target.scheme != "https":
        raise UrlRefused("Must begin with https://")
    if target.port not in PUBLIC_PORTS:
        raise UrlRefused("Must use port 443 or 8443")
    if (":" in target.host or _NUMERIC_END.fullmatch(target.host)) and not is_public(target.host):
        raise UrlRefused("Must lead to a public address")
