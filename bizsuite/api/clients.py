"""Who is at the other end of the connection, and whether the line is private."""

import functools
import ipaddress
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest

from bizsuite.identity.models import Address


@dataclass(frozen=True, slots=True)
class Client:
    """address: the client's own, or the nearest one that no trusted proxy vouches for.
    secure: the request came over HTTPS.
    """

    address: Address
    secure: bool

    @property
    def private(self) -> bool:
        """Whether nobody on the way could read it: HTTPS, or it never left this machine."""
        return self.secure or self.address.is_loopback

    @property
    def subject(self) -> str:
        """What to count by: one household owns a whole /64 of IPv6."""
        if isinstance(self.address, ipaddress.IPv6Address):
            return str(ipaddress.ip_network((self.address, 64), strict=False))
        return str(self.address)


def client_of(request: HttpRequest) -> Client:
    """X-Forwarded-For and -Proto count only when the peer is in TRUSTED_PROXIES."""
    peer = _address(request.META.get("REMOTE_ADDR", ""))
    secure = request.is_secure()
    address = peer
    if _is_trusted(peer):
        secure = request.headers.get("X-Forwarded-Proto", "").strip().lower() == "https"
        # From the right: each trusted proxy appended the peer it saw, and what stands further
        # left than the first untrusted address was made up by the client.
        for hop in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
            address = _address(hop.strip()) if hop.strip() else address
            if not _is_trusted(address):
                break
    return Client(address=address, secure=secure)


def _address(text: str) -> Address:
    """An address; one that cannot be read counts as the unspecified one, never as loopback."""
    try:
        address = ipaddress.ip_address(text.strip("[]").split("%")[0])
    except ValueError:
        return ipaddress.IPv6Address("::")
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


def _is_trusted(address: Address) -> bool:
    return any(address in network for network in _trusted_networks(tuple(settings.TRUSTED_PROXIES)))


@functools.cache
def _trusted_networks(
    proxies: tuple[str, ...],
) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    return [ipaddress.ip_network(proxy, strict=False) for proxy in proxies]
