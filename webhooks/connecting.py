"""Connections to addresses that were checked, and to no other.

A name is resolved once, every answer is judged, and the connection goes to the very addresses that
were judged: a name that answers differently the second time gains nothing. TLS and the Host header
still go by the name.
"""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import certifi
from aiohttp import TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult

from webhooks.addresses import Resolver, is_public
from webhooks.targets import UrlRefused, is_trusted, refused_answer

# Open at once. With what else a process needs, this stays below the usual 1,024 files.
CONNECTIONS = 512
# Shorter than receivers keep theirs open: a message is not sent into a connection that the
# receiver closes at the same moment.
KEEP_ALIVE_SECONDS = 1.5
# A name whose resolver hangs holds one of them, for half a minute; the others go on.
RESOLVER_THREADS = 128

# family, type, protocol, canonical name, and the address of a socket
_Found = tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int]]


class CheckedResolver(AbstractResolver):
    """Asks `resolve` in a thread and refuses names that lead anywhere but to public addresses.

    Who wants a name that is being asked for waits for the same answer: however many messages go to
    a name whose resolver hangs, it holds one thread.
    """

    def __init__(self, resolve: Resolver) -> None:
        self._resolve = resolve
        self._threads = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="resolve")
        # What names that the operator allows lead to; these may be private.
        self.trusted: set[str] = set()
        self._asking: dict[str, asyncio.Future[Sequence[str]]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raises UrlRefused, and OSError when the name has no address."""
        # Shielded: who gives up waiting must not take the answer from the others.
        addresses = await asyncio.shield(self._asking.get(host) or self._ask(host))
        if not addresses:
            raise OSError(f"{host} has no address")
        if is_trusted(host):
            self.trusted.update(addresses)
        elif refusal := refused_answer(addresses):
            raise UrlRefused(refusal)
        return [_result(host, address, port) for address in addresses]

    def _ask(self, host: str) -> asyncio.Future[Sequence[str]]:
        loop = asyncio.get_running_loop()
        asking = loop.run_in_executor(self._threads, self._resolve, host)
        self._asking[host] = asking
        asking.add_done_callback(lambda done: self._note_answer(host, done))
        return asking

    def _note_answer(self, host: str, asked: asyncio.Future[Sequence[str]]) -> None:
        del self._asking[host]
        if not asked.cancelled():
            asked.exception()  # else asyncio logs it where nobody waits any more

    async def close(self) -> None:
        for asking in self._asking.values():
            asking.cancel()
        # Not waited for: a resolver may hang for half a minute.
        self._threads.shutdown(wait=False, cancel_futures=True)


class CheckedConnector(TCPConnector):
    """Judges each address once more at the last moment, when its socket is made."""

    def __init__(self, resolve: Resolver, tls: ssl.SSLContext) -> None:
        self._checked = CheckedResolver(resolve)
        super().__init__(
            resolver=self._checked,
            # Each new connection asks anew; kept ones are to what was checked.
            use_dns_cache=False,
            ssl=tls,
            limit=CONNECTIONS,
            keepalive_timeout=KEEP_ALIVE_SECONDS,
            socket_factory=self._open_socket,
        )

    def _open_socket(self, found: _Found) -> socket.socket:
        family, kind, protocol, _name, address = found
        host = address[0]
        if not (is_public(host) or is_trusted(host) or host in self._checked.trusted):
            raise UrlRefused("Must lead to a public address")
        opened = socket.socket(family, kind, protocol)
        opened.setblocking(False)
        return opened

    async def aclose(self) -> None:
        await self.close()
        await self._checked.close()


def tls_context() -> ssl.SSLContext:
    """Trusts whom the system trusts, and Mozilla's list where it has none of its own."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(
        hostname=host, host=address, port=port, family=family, proto=0, flags=_NUMERIC
    )


_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
