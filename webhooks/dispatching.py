"""The dispatcher: claims what is due, sends it concurrently, and records what came of it.

One process does it at a time, by turns that a row in the database gives out. Inside it an event
loop holds the connections, in a thread of its own; beside it the calling thread visits the
database again and again, in short transactions that no send is part of: it settles what is over
and claims what is next before what was claimed has run out.
"""

import asyncio
import contextlib
import datetime
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from asgiref.sync import async_to_sync, sync_to_async

from bizsuite.crypto import CannotDecrypt
from webhooks.claiming import LEASE, claim_due, endpoints_with_work, give_back, renew_leases
from webhooks.connecting import CONNECTIONS
from webhooks.messages import Signer, message_body, message_headers
from webhooks.models import Delivery, WebhookEndpoint
from webhooks.outbox import Outbox
from webhooks.retries import Random
from webhooks.sending import Reply, Sender
from webhooks.settling import GONE, Outcome, record_outcomes
from webhooks.supply import POLL_SECONDS, Supply
from webhooks.turns import Turn, end_turn_of_the_dead

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime.datetime]

# After the first send that is over others are waited for this long: settling fifty costs little
# more than settling one.
GATHER_SECONDS = 0.02
# Claimed and not settled, at most.
HELD = 4 * CONNECTIONS
# Told to stop, what is in flight is waited for so long: a stopping worker is killed soon after.
STOPPING_SECONDS = 1.5


def deliver_due(
    *, sender: Sender, clock: Clock, random: Random, supply: Supply | None = None
) -> None:
    """Send until nothing is due or the supply ends. Returns at once while another process is at it.

    supply: brings in what happens meanwhile; None: what is there already is all.
    """
    supply = supply or Supply()
    end_turn_of_the_dead()
    # Looked at again after the turn is given back: work that came in the last moment may have
    # been left to us.
    while not supply.has_ended() and endpoints_with_work(clock()).exists():
        turn = Turn.take(clock())
        if turn is None:
            return
        try:
            dispatcher = Dispatcher(turn, sender=sender, clock=clock, random=random, supply=supply)
            async_to_sync(dispatcher.run)()
        finally:
            turn.release()


@dataclass(frozen=True, slots=True)
class Errand:
    """What a visit to the database is about, as it was when the visit began. renewed: what is
    held, if its leases are to be renewed. returned: what was claimed and is not to be sent."""

    outcomes: Sequence[Outcome]
    renewed: Sequence[Delivery]
    returned: Sequence[Delivery]
    waited_for: Sequence[int]
    busy: Mapping[int, int]
    wanted: Mapping[int, int]
    held_sizes: Mapping[int, int]
    room: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a visit came back with. receiving: of the endpoints that something waits for, those
    that may still be sent to; None when the turn was lost."""

    claimed: Sequence[Delivery]
    receiving: Sequence[WebhookEndpoint] | None


class Dispatcher:
    """One run of sending, under one turn.

    Underscored methods run in the event loop, but for those of the errand.
    """

    def __init__(
        self, turn: Turn, *, sender: Sender, clock: Clock, random: Random, supply: Supply
    ) -> None:
        self._turn = turn
        self._sender = sender
        self._clock = clock
        self._random = random
        self._supply = supply
        self._outbox = Outbox(most=CONNECTIONS)
        self._signer = Signer()
        self._tasks: set[asyncio.Task[None]] = set()
        self._outcomes: list[Outcome] = []
        self._returned: list[Delivery] = []
        self._renewed_at = clock()
        self._stop_at: float | None = None
        self._broken = False

    async def run(self) -> None:
        """Claim and send until nothing is due, nothing in flight, and nothing more to expect; or
        until the supply ends."""
        self._something_is_over = asyncio.Event()
        async with self._sender:
            try:
                while await self._visit_database():
                    await self._wait()
            finally:
                await self._hang_up()

    async def _visit_database(self) -> bool:
        """Settle and claim, and start what there is to send; False when all is done."""
        if self._broken:
            # Its message would stay in flight, its lease be renewed, without end. So this run
            # ends, and what it holds is sent by another one when the leases are over.
            raise RuntimeError("A send ended without an outcome.")
        self._something_is_over.clear()
        out_of_time = await self._wind_down()
        errand = self._next_errand()
        found = await sync_to_async(self._run_errand)(errand)
        if found.receiving is None:
            self._returned += self._outbox.drop(self._outbox.waited_for())
        else:
            receiving = {endpoint.pk for endpoint in found.receiving}
            self._outbox.update(found.receiving)
            self._returned += self._outbox.drop(set(errand.waited_for) - receiving)
        if found.claimed:
            self._supply.note_found()
        self._outbox.add(found.claimed)
        self._start_waiting()
        if out_of_time:
            return False
        if len(self._outbox) or self._outcomes or self._returned:
            return True
        if self._supply.has_ended():
            return False
        return found.receiving is not None and self._supply.may_bring_more()

    async def _wind_down(self) -> bool:
        """Once the worker is told to stop, let go of what waits, and in the end of what is still in
        flight: all is another's to send at once. True when the time for it is up."""
        if not self._supply.has_ended():
            return False
        self._returned += self._outbox.drop(self._outbox.waited_for())
        if self._stop_at is None:
            self._stop_at = time.monotonic() + STOPPING_SECONDS
        if time.monotonic() < self._stop_at:
            return False
        await self._hang_up()
        self._returned += self._outbox.held()
        return True

    async def _hang_up(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _wait(self) -> None:
        """Until something is over, or it is time to look for new work."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._something_is_over.wait(), POLL_SECONDS)
            if self._tasks:
                await asyncio.sleep(GATHER_SECONDS)

    def _next_errand(self) -> Errand:
        now, outbox = self._clock(), self._outbox
        outcomes, self._outcomes = self._outcomes, []
        returned, self._returned = self._returned, []
        renewed: list[Delivery] = []
        if now - self._renewed_at > LEASE / 3:
            self._renewed_at, renewed = now, outbox.held()
        return Errand(
            outcomes=outcomes,
            renewed=renewed,
            returned=returned,
            waited_for=outbox.waited_for(),
            busy=outbox.busy(),
            wanted=outbox.wanted(),
            held_sizes=outbox.sizes(),
            room=0 if self._stop_at is not None else HELD - len(outbox),
        )

    def _start_waiting(self) -> None:
        for delivery in self._outbox.take():
            task = asyncio.create_task(self._send(delivery))
            self._tasks.add(task)
            task.add_done_callback(self._note_end)

    def _note_end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or task.exception() is not None:
            self._broken = True
            self._something_is_over.set()

    async def _send(self, delivery: Delivery) -> None:
        outcome = await self._attempt(delivery)
        self._outcomes.append(outcome)
        self._outbox.finish(delivery)
        if outcome.reply.status == GONE:
            self._returned += self._outbox.drop([delivery.endpoint_id])
        self._start_waiting()
        self._something_is_over.set()

    async def _attempt(self, delivery: Delivery) -> Outcome:
        started_at, begun = self._clock(), time.monotonic()
        url, signature = delivery.endpoint.url, ""
        body = message_body(delivery.event)
        try:
            signature = self._signer.sign(delivery, body, now=started_at)
            headers = message_headers(delivery, started_at=started_at, signature=signature)
            reply = await self._sender.post(url, headers=headers, body=body)
        except CannotDecrypt as error:
            reply = Reply(None, str(error))
        except Exception:  # one receiver's surprise must not stop the others' messages
            logger.exception("Delivery %s failed in an unforeseen way", delivery.pk)
            reply = Reply(None, "An unforeseen error; the log has the details")
        duration_ms = round((time.monotonic() - begun) * 1000)
        return Outcome(delivery, reply, started_at, duration_ms, url=url, signature=signature)

    # ── In the thread that asks the database ─────────────────────────────────

    def _run_errand(self, errand: Errand) -> Found:
        """Never in a transaction of its own: each step is one, and a short one."""
        now = self._clock()
        # Kept at every visit, also when there is nothing to claim: sends may take longer than
        # the turn.
        has_turn = self._turn.keep(now)
        if errand.renewed:
            renew_leases(errand.renewed, now=now)
        if errand.outcomes:
            record_outcomes(errand.outcomes, now=now, random=self._random)
        if errand.returned:
            give_back(errand.returned)
        if not has_turn:
            return Found([], None)
        self._supply.fetch()
        receiving: list[WebhookEndpoint] = []
        if errand.waited_for:
            receiving += WebhookEndpoint.objects.receiving().filter(pk__in=errand.waited_for)
        claimed = claim_due(
            now=now,
            busy=errand.busy,
            wanted=errand.wanted,
            held_sizes=errand.held_sizes,
            limit=errand.room,
        )
        return Found(claimed, receiving)
