"""What one run of the dispatcher holds: claimed and waiting, or in flight."""

import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import chain

from webhooks.claiming import PER_ENDPOINT
from webhooks.models import Delivery, WebhookEndpoint

# What an endpoint should have waiting: as much as it takes in this time …
_AHEAD_SECONDS = 1.0
# … and no more than this.
_MOST_WAITING = 128


class Outbox:
    """Gives out what waits: a few at a time to each endpoint, and to all in turn.

    A claim costs hardly more for fifty messages than for one, so a fast endpoint has some waiting;
    a slow one has what is in flight and little more. most: in flight to all endpoints together.
    clock: seconds, from anywhere.
    """

    def __init__(self, *, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._endpoints: dict[int, WebhookEndpoint] = {}
        self._waiting: dict[int, deque[Delivery]] = {}
        self._in_flight: dict[int, Delivery] = {}
        self._flying = Counter[int]()
        self._sizes = Counter[int]()
        # Since when, by endpoint, and how many since then: how fast it is.
        self._claimed_at: dict[int, float] = {}
        self._finished = Counter[int]()
        # Endpoints that may be sent one more, the longest waiting first; a dict for its order.
        self._turns: dict[int, None] = {}

    def __len__(self) -> int:
        return len(self._in_flight) + sum(map(len, self._waiting.values()))

    def add(self, deliveries: Iterable[Delivery]) -> None:
        """Take over what was just claimed, in the order in which it is to go out."""
        now = self._clock()
        for delivery in deliveries:
            pk = delivery.endpoint_id
            if self._claimed_at.get(pk) != now:
                self._claimed_at[pk] = now
                self._finished[pk] = 0
                self._endpoints[pk] = delivery.endpoint
            self._waiting.setdefault(pk, deque()).append(delivery)
            self._sizes[pk] += len(delivery.event.payload)
            self._take_turn(pk)

    def take(self) -> Iterator[Delivery]:
        """What is to be sent now; it is in flight from here on."""
        while self._turns and len(self._in_flight) < self._most:
            pk = next(iter(self._turns))
            del self._turns[pk]
            delivery = self._waiting[pk].popleft()
            delivery.endpoint = self._endpoints[pk]
            self._in_flight[delivery.pk] = delivery
            self._flying[pk] += 1
            self._take_turn(pk)
            yield delivery

    def finish(self, delivery: Delivery) -> None:
        pk = delivery.endpoint_id
        del self._in_flight[delivery.pk]
        self._flying[pk] -= 1
        self._sizes[pk] -= len(delivery.event.payload)
        self._finished[pk] += 1
        self._take_turn(pk)

    def busy(self) -> dict[int, int]:
        """How many are held, by endpoint."""
        return {
            pk: self._flying[pk] + len(self._waiting.get(pk, ()))
            for pk in self._endpoints
            if self._flying[pk] or self._waiting.get(pk)
        }

    def sizes(self) -> dict[int, int]:
        """How many characters of data are held, by endpoint."""
        return {pk: size for pk, size in self._sizes.items() if size}

    def wanted(self) -> dict[int, int]:
        """How many to hold, by endpoint; no more than there are while enough wait."""
        now, wanted = self._clock(), {}
        for pk, held in self.busy().items():
            speed = self._finished[pk] / max(now - self._claimed_at[pk], 0.001)
            ahead = min(round(speed * _AHEAD_SECONDS), _MOST_WAITING)
            enough = held - self._flying[pk] > ahead // 2
            wanted[pk] = held if enough else PER_ENDPOINT + ahead
        return wanted

    def held(self) -> list[Delivery]:
        return [*self._in_flight.values(), *self.waiting()]

    def waiting(self) -> list[Delivery]:
        return list(chain.from_iterable(self._waiting.values()))

    def waited_for(self) -> list[int]:
        """The endpoints that something waits for."""
        return [pk for pk, waiting in self._waiting.items() if waiting]

    def update(self, endpoints: Iterable[WebhookEndpoint]) -> None:
        """What waits goes out as these are now, and not as they were when it was claimed."""
        self._endpoints.update((endpoint.pk, endpoint) for endpoint in endpoints)

    def drop(self, endpoints: Collection[int]) -> list[Delivery]:
        """Let go of what waits for these endpoints; returns it."""
        dropped = [delivery for pk in endpoints for delivery in self._waiting.pop(pk, ())]
        for pk in endpoints:
            self._turns.pop(pk, None)
        for delivery in dropped:
            self._sizes[delivery.endpoint_id] -= len(delivery.event.payload)
        return dropped

    def _take_turn(self, pk: int) -> None:
        if self._waiting.get(pk) and self._flying[pk] < PER_ENDPOINT:
            self._turns.setdefault(pk)
