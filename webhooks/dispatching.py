"""The dispatcher: claims what is due, sends it concurrently, and records what came of it.

One process does it at a time, by turns that a row in the database gives out. Inside it an event
loop holds the connections; the database is asked from the calling thread between sends, in
short transactions, and never during one.
"""

import asyncio
import datetime
import logging
import time
from collections import Counter
from collections.abc import Callable

from asgiref.sync import async_to_sync, sync_to_async

from bizsuite.crypto import CannotDecrypt
from webhooks.claiming import claim_due, endpoints_with_work
from webhooks.messages import message_body, message_headers, sign_message
from webhooks.models import Delivery
from webhooks.retries import Random
from webhooks.sending import CONNECTIONS, Reply, Sender
from webhooks.settling import Outcome, record_outcomes
from webhooks.supply import POLL_SECONDS, Supply
from webhooks.turns import Turn, end_turn_of_the_dead

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime.datetime]


def deliver_due(
    *, sender: Sender, clock: Clock, random: Random, supply: Supply | None = None
) -> None:
    """Send until nothing is due. Returns at once while another process is at it.

    supply: brings in what happens meanwhile; None: what is there already is all.
    """
    end_turn_of_the_dead()
    # Looked at again after the turn is given back: work that came in the last moment may have
    # been left to us.
    while _has_work(clock()):
        turn = Turn.take(clock())
        if turn is None:
            return
        try:
            dispatcher = Dispatcher(
                turn, sender=sender, clock=clock, random=random, supply=supply or Supply()
            )
            async_to_sync(dispatcher.run)()
        finally:
            turn.release()


class Dispatcher:
    """One run of sending, under one turn."""

    def __init__(
        self, turn: Turn, *, sender: Sender, clock: Clock, random: Random, supply: Supply
    ) -> None:
        self._turn = turn
        self._sender = sender
        self._clock = clock
        self._random = random
        self._supply = supply
        self._lost_turn = False
        self._in_flight: dict[asyncio.Task[Outcome], int] = {}

    async def run(self) -> None:
        """Claim and send until nothing is due, nothing in flight, and nothing more to expect."""
        async with self._sender:
            try:
                while await self._start_due() or self._waits():
                    await self._settle_finished()
            finally:
                for task in self._in_flight:
                    task.cancel()
                await asyncio.gather(*self._in_flight, return_exceptions=True)

    async def _start_due(self) -> bool:
        for delivery in await sync_to_async(self._claim)():
            self._supply.note_found()
            task = asyncio.create_task(self._attempt(delivery))
            self._in_flight[task] = delivery.endpoint_id
        return bool(self._in_flight)

    def _waits(self) -> bool:
        return not self._lost_turn and self._supply.may_bring_more()

    async def _settle_finished(self) -> None:
        if not self._in_flight:
            await asyncio.sleep(POLL_SECONDS)
            return
        done, _ = await asyncio.wait(
            self._in_flight, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        for task in done:
            del self._in_flight[task]
        if done:
            await sync_to_async(record_outcomes)(
                [task.result() for task in done], now=self._clock(), random=self._random
            )

    def _claim(self) -> list[Delivery]:
        now, room = self._clock(), CONNECTIONS - len(self._in_flight)
        # Kept at every poll, also when there is nothing to claim: sends may take longer than
        # the turn. Work is looked for without a transaction: a poll must not take SQLite's
        # write lock.
        self._lost_turn = not self._turn.keep(now)
        if self._lost_turn or room <= 0:
            return []
        self._supply.fetch()
        if not _has_work(now):
            return []
        return claim_due(now=now, busy=Counter(self._in_flight.values()), limit=room)

    async def _attempt(self, delivery: Delivery) -> Outcome:
        started_at, begun = self._clock(), time.monotonic()
        url, signature = delivery.endpoint.url, ""
        body = message_body(delivery.event)
        try:
            signature = sign_message(delivery, body, now=started_at)
            headers = message_headers(delivery, started_at=started_at, signature=signature)
            reply = await self._sender.post(url, headers=headers, body=body)
        except CannotDecrypt as error:
            reply = Reply(None, str(error))
        except Exception:  # one receiver's surprise must not stop the others' messages
            logger.exception("Delivery %s failed in an unforeseen way", delivery.pk)
            reply = Reply(None, "An unforeseen error; the log has the details")
        duration_ms = round((time.monotonic() - begun) * 1000)
        return Outcome(delivery, reply, started_at, duration_ms, url=url, signature=signature)


def _has_work(now: datetime.datetime) -> bool:
    return endpoints_with_work(now).exists()
