"""One POST to a receiver that we do not trust.

httpcore and not httpx: it takes the network backend that checks addresses as an argument, and what
must not happen (redirects, proxies from the environment, cookies, unpacking) it cannot do.
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self, cast

import httpcore

from webhooks.addresses import Resolver, resolve_host
from webhooks.targets import Target, UrlRefused, is_trusted, parse_target, refused_answer

DEADLINE_SECONDS = 15.0
# Of the deadline, for one address: the next one must get its turn.
CONNECT_SECONDS = 5.0
RESPONSE_LIMIT = 64 * 1024
# Of an answer, by their names in lower case; with no more of each than this.
KEPT_HEADERS = ("content-encoding", "content-type", "date", "location", "retry-after", "server")
HEADER_LENGTH = 500
CONNECTIONS = 200
# A resolver that hangs holds a thread; the others go on.
RESOLVER_THREADS = 32


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one POST. status: None when no complete answer came; then `error` says why.
    body: the first 64 kB of the answer as received, never unpacked. headers: those of KEPT_HEADERS.
    """

    status: int | None
    error: str = ""
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def succeeded(self) -> bool:
        return not self.error


class Sender(Protocol):
    """What dispatching needs; the tests bring their own."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes) -> Reply: ...


class HttpSender:
    """Sends with kept-alive connections; use as `async with`.

    deadline_seconds: for the whole exchange, from resolving the name to the last byte.
    """

    def __init__(
        self, *, resolve: Resolver = resolve_host, deadline_seconds: float = DEADLINE_SECONDS
    ) -> None:
        self._resolve = resolve
        self._deadline_seconds = deadline_seconds

    async def __aenter__(self) -> Self:
        self._threads = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="resolve")
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpcore.default_ssl_context(),
            max_connections=CONNECTIONS,
            keepalive_expiry=10.0,
            network_backend=CheckedBackend(self._resolve, self._threads),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._pool.aclose()
        # Not waited for: a resolver may hang for half a minute.
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes) -> Reply:
        """POST once. Everything that goes wrong on the way is a Reply with an error."""
        try:
            target = parse_target(url)
            async with asyncio.timeout(self._deadline_seconds):
                return await self._exchange(target, headers, body)
        except TimeoutError:
            return Reply(None, f"No complete answer within {self._deadline_seconds:g} seconds")
        except UrlRefused as error:
            return Reply(None, f"Not sent: the URL {str(error)[0].lower()}{str(error)[1:]}")
        except (
            httpcore.NetworkError,
            httpcore.TimeoutException,
            httpcore.ProtocolError,
            ssl.SSLError,
            OSError,
        ) as error:
            return Reply(None, f"{type(error).__name__}: {error}"[:500])

    async def _exchange(self, target: Target, headers: Mapping[str, str], body: bytes) -> Reply:
        request = self._pool.stream(
            "POST",
            httpcore.URL(
                scheme=target.scheme.encode(),
                host=target.host.encode(),
                port=target.port,
                target=target.path.encode(),
            ),
            # Identity, and the answer's bytes are never decoded all the same: a few kilobytes of
            # gzip can unpack to gigabytes.
            headers=[*headers.items(), ("Host", _host_header(target)), _IDENTITY],
            content=body,
            extensions={"timeout": {"connect": CONNECT_SECONDS}},
        )
        async with request as response:
            received = bytearray()
            stream = cast("AsyncGenerator[bytes, None]", response.aiter_stream())
            async with contextlib.aclosing(stream) as chunks:
                async for chunk in chunks:
                    received += chunk
                    if len(received) >= RESPONSE_LIMIT:
                        break
        headers = {name.decode("latin-1").lower(): value for name, value in response.headers}
        kept = {
            name: headers[name].decode("latin-1")[:HEADER_LENGTH]
            for name in KEPT_HEADERS
            if name in headers
        }
        return Reply(
            response.status, _refusal(response.status), bytes(received[:RESPONSE_LIMIT]), kept
        )


_IDENTITY = ("Accept-Encoding", "identity")


def _host_header(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    usual = {"https": 443, "http": 80}[target.scheme]
    return host if target.port == usual else f"{host}:{target.port}"


def _refusal(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return f"The receiver answered {status}; redirects are not followed"
    return f"The receiver answered {status}"


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connects to addresses that were checked, and to no other.

    The name is resolved once and the connection is made to the very addresses that were judged,
    so a name that answers differently the second time gains nothing. TLS and the Host header
    still go by the name.
    """

    def __init__(self, resolve: Resolver, threads: ThreadPoolExecutor) -> None:
        self._resolve = resolve
        self._threads = threads
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failure: Exception = httpcore.ConnectError(f"{host} does not resolve")
        for address in await self._checked_addresses(host):
            try:
                return await self._network.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def _checked_addresses(self, host: str) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        try:
            addresses = await loop.run_in_executor(self._threads, self._resolve, host)
        except OSError:
            raise httpcore.ConnectError(f"{host} does not resolve") from None
        if not is_trusted(host) and (refusal := refused_answer(addresses)):
            raise UrlRefused(refusal)
        return addresses
