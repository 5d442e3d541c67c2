"""One POST to a receiver that we do not trust.

What must not happen is switched off one by one: redirects, cookies, proxies and passwords from the
environment, unpacking. A few kilobytes of gzip can unpack to gigabytes.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace, TracebackType
from typing import Protocol, Self

import aiohttp
from yarl import URL

from webhooks.addresses import Resolver, resolve_host
from webhooks.connecting import CheckedConnector, tls_context
from webhooks.targets import DEFAULT_PORTS, Target, UrlRefused, parse_target

DEADLINE_SECONDS = 15.0
# Of the deadline, for connecting.
CONNECT_SECONDS = 5.0
RESPONSE_LIMIT = 64 * 1024
# Of an answer, by their names in lower case; with no more of each than this.
KEPT_HEADERS = ("content-encoding", "content-type", "date", "location", "retry-after", "server")
HEADER_LENGTH = 500
ERROR_LENGTH = 500


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


@dataclass(slots=True)
class Way:
    """How a message goes out. reused: over a connection that was kept from an earlier one."""

    reused: bool = False


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

    deadline_seconds: for the whole exchange, from resolving the name to the last byte. tls: whom
    to trust, unless it is whom the system trusts.
    """

    def __init__(
        self,
        *,
        resolve: Resolver = resolve_host,
        deadline_seconds: float = DEADLINE_SECONDS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._resolve = resolve
        self._deadline_seconds = deadline_seconds
        self._tls = tls
        # Read once: thousands of messages go to the same few addresses.
        self._targets: dict[str, tuple[URL, str]] = {}

    async def __aenter__(self) -> Self:
        self._connector = CheckedConnector(self._resolve, self._tls or tls_context())
        self._session = aiohttp.ClientSession(
            connector=self._connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
            trace_configs=[_noting_reuse()],
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._session.close()
        await self._connector.aclose()

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes) -> Reply:
        """POST once; again only where a kept connection turns out to be closed. Everything that goes wrong on the way is a Reply with an error."""
        try:
            async with asyncio.timeout(self._deadline_seconds):
                return await self._exchange(url, headers, body)
        except aiohttp.ConnectionTimeoutError:
            return Reply(None, f"Could not connect within {CONNECT_SECONDS:g} seconds")
        except TimeoutError:
            return Reply(None, f"No complete answer within {self._deadline_seconds:g} seconds")
        except UrlRefused as error:
            return Reply(None, f"Not sent: the URL {str(error)[0].lower()}{str(error)[1:]}")
        except aiohttp.ClientConnectorDNSError as error:
            return Reply(None, f"Could not connect: {error.host} does not resolve")
        except aiohttp.ClientError as error:
            return Reply(None, _broken(error))
        except OSError as error:
            return Reply(None, f"Could not send: {error}"[:ERROR_LENGTH])

    async def _exchange(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        response = await self._request(url, headers, body)
        async with response:
            received = await _first_bytes(response)
            kept = {
                name: response.headers[name][:HEADER_LENGTH]
                for name in KEPT_HEADERS
                if name in response.headers
            }
            return Reply(response.status, _refusal(response.status), received, kept)

    async def _request(
        self, url: str, headers: Mapping[str, str], body: bytes
    ) -> aiohttp.ClientResponse:
        """Send, and return what begins to be answered.

        A kept connection may be closed by the receiver at the moment we send: nobody's failure,
        so it costs no attempt. The ways to repeat it end with the connections that were kept.
        """
        place, host = self._place(url)
        while True:
            way = Way()
            try:
                return await self._session.post(
                    place,
                    headers={**headers, "Host": host, "Accept-Encoding": "identity"},
                    data=body,
                    allow_redirects=False,
                    trace_request_ctx=way,
                )
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                if not way.reused:
                    raise

    def _place(self, url: str) -> tuple[URL, str]:
        """Where to send, and the Host header. Raises UrlRefused."""
        known = self._targets.get(url)
        if known is None:
            target = parse_target(url)
            host = _host_header(target)
            # As it was judged, byte for byte: nothing is normalised after the judging.
            place = URL(f"{target.scheme}://{host}{target.path}", encoded=True)
            known = self._targets[url] = (place, host)
        return known


def _noting_reuse() -> aiohttp.TraceConfig:
    trace = aiohttp.TraceConfig()
    trace.on_connection_reuseconn.append(_note_reuse)
    return trace


async def _note_reuse(
    session: aiohttp.ClientSession,
    context: SimpleNamespace,
    params: aiohttp.TraceConnectionReuseconnParams,
) -> None:
    context.trace_request_ctx.reused = True


async def _first_bytes(response: aiohttp.ClientResponse) -> bytes:
    received = bytearray()
    while chunk := await response.content.readany():
        received += chunk
        if len(received) >= RESPONSE_LIMIT:
            # The rest may be without end: hung up on, not read.
            response.close()
            break
    return bytes(received[:RESPONSE_LIMIT])


def _host_header(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    return host if target.port == DEFAULT_PORTS[target.scheme] else f"{host}:{target.port}"


def _refusal(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return f"The receiver answered {status}; redirects are not followed"
    return f"The receiver answered {status}"


def _broken(error: aiohttp.ClientError) -> str:
    """In words, and without the URL, whose query may hold a password of the receiver's."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            text = f"Could not connect: {error.certificate_error}"
        case aiohttp.ClientConnectorError():
            text = f"Could not connect: {error.os_error}"
        case aiohttp.ClientConnectionError():
            text = "The receiver hung up without an answer"
        case aiohttp.ClientPayloadError():
            text = "The receiver hung up in the middle of its answer"
        case aiohttp.ClientResponseError():
            text = f"The answer is no valid HTTP: {error.message.splitlines()[0].rstrip(':')}"
        case _:
            text = f"The answer is no valid HTTP: {type(error).__name__}"
    return text[:ERROR_LENGTH]
