"""A client of the API that waits where it is told to, and tries again where that is safe."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any, TypeVar

import httpx

ROWS_PER_PAGE = 100
CONNECTIONS = 2
TRIES = 6
FIRST_PAUSE_SECONDS = 0.5
UNTOLD_PAUSE_SECONDS = 60  # where a 429 does not say how long

Item = TypeVar("Item")
Result = TypeVar("Result")
Record = dict[str, Any]


class Refused(Exception):
    """The API understood a request and will not do it. errors: one sentence per field."""

    def __init__(self, status: int, answer: Mapping[str, Any]) -> None:
        self.status = status
        self.errors: Mapping[str, str] = answer.get("errors", {})
        details = [f"{name}: {sentence}" for name, sentence in self.errors.items()]
        super().__init__("; ".join(details) or answer.get("message", f"status {status}"))


class Unavailable(Exception):
    """The API did not answer, or something else did, or this key may not do this."""


class Api:
    """Speaks to the API with patience: safe from several threads, and safe to repeat.

    Every record that is sent has an external_id, which the API takes once. So a request whose
    answer was lost may be sent again.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        tell: Callable[[str], None],
        sleep: Callable[[float], None] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._client = httpx.Client(
            base_url=f"{url.rstrip('/')}/api/v2",
            headers={"Authorization": f"Bearer {key}"},
            timeout=60,
            transport=transport,
        )
        self._tell = tell
        self._sleep = sleep

    def get(self, path: str, **parameters: Any) -> Record:
        return self._send("GET", path, params=parameters)

    def post(self, path: str, body: Record) -> Any:
        return self._send("POST", path, json=body)["data"]

    def pages(self, path: str, **parameters: Any) -> Iterator[Record]:
        """Every record of a list."""
        asked = parameters | {"limit": ROWS_PER_PAGE}
        first = self.get(path, **asked)
        yield from first["data"]
        numbers = range(2, first["meta"]["total_pages"] + 1)
        for page in in_parallel(lambda number: self.get(path, **asked, page=number), numbers):
            yield from page["data"]

    def _send(self, method: str, path: str, **content: Any) -> Record:
        pause = FIRST_PAUSE_SECONDS
        for tries_left in reversed(range(TRIES)):
            try:
                response = self._answer_within_limit(method, path, **content)
                trouble = f"{response.status_code} {response.reason_phrase}"
                if response.status_code < 500:
                    return self._read(response)
            except httpx.TransportError as error:
                trouble = str(error) or type(error).__name__
            if tries_left:
                self._sleep(pause)
                pause *= 2
        raise Unavailable(f"{method} {path} failed {TRIES} times, in the end with: {trouble}")

    def _answer_within_limit(self, method: str, path: str, **content: Any) -> httpx.Response:
        """The answer; a rate limit is waited out, as often and as long as it takes."""
        while True:
            response = self._client.request(method, path, **content)
            if response.status_code != 429:
                return response
            said = response.headers.get("Retry-After", "")
            seconds = int(said) if said.isdecimal() else UNTOLD_PAUSE_SECONDS
            self._tell(f"The key's rate limit is reached; waiting {seconds:,} seconds.")
            self._sleep(seconds)

    def _read(self, response: httpx.Response) -> Record:
        try:
            # Amounts are exact decimals on both ends; a float would not add up.
            answer = json.loads(response.text, parse_float=Decimal)
            succeeded = answer["success"]
        except (ValueError, TypeError, KeyError):
            raise Unavailable(f"{response.url} is not answered by Business Suite") from None
        if response.status_code in (401, 403):
            raise Unavailable(answer["message"])
        if not succeeded:
            raise Refused(response.status_code, answer)
        return answer


def in_parallel(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """The results in the order of the items, worked on over several connections at once."""
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        try:
            yield from pool.map(work, items)
        finally:
            pool.shutdown(cancel_futures=True)
