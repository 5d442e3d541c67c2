"""Fan-out, catch-up and people at the same moment, each with a database connection of its own.

Whatever comes first, every event that an endpoint wanted gets one delivery, or is remembered as
missed.
"""

import contextlib

import pytest
from django.db import OperationalError, connection, transaction

from bizsuite.errors import Conflict
from bizsuite.events.erasing import erase_events
from bizsuite.events.models import Event
from bizsuite.events.relay import relay_events
from customers.models import Customer
from tests.concurrency import at_once
from tests.factories import SYSTEM
from tests.webhooks.factories import NOW, Clock, Receiver, catch_up, deliver, fan_out, happen
from tests.webhooks.factories import make_endpoint as make
from webhooks.claiming import claim_due
from webhooks.endpoints import delete_endpoint, update_endpoint
from webhooks.holding import hold
from webhooks.models import Delivery, DeliveryStatus, WebhookEndpoint
from webhooks.replaying import replay_deliveries
from webhooks.switching import disable_endpoint, enable_endpoint, pause_endpoint, resume_endpoint

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
LIMIT = 30


@pytest.fixture(autouse=True)
def small_queues(settings):
    settings.WEBHOOK_BACKLOG_LIMIT = LIMIT


def happened(count, first=1):
    for pk in range(first, first + count):
        happen("customer.updated", Customer(pk=pk, version=1))


def wanted():
    return set(Event.objects.filter(type="customer.updated").values_list("pk", flat=True))


def made(endpoint):
    rows = Delivery.objects.filter(endpoint=endpoint)
    ids = list(rows.order_by("event_id").values_list("event_id", flat=True))
    assert len(ids) == len(set(ids))
    return set(ids)


def own(endpoint):
    """The endpoint as another request has it."""
    return WebhookEndpoint.objects.get(pk=endpoint.pk)


def settle(endpoint):
    """Everything that is still to be done, by hand and by the workers."""
    shown = own(endpoint)
    if not shown.active or shown.missed_from is not None:
        enable_endpoint(shown, replay=True, now=NOW, actor=SYSTEM)
    for _ in range(20):
        shown = own(endpoint)
        if shown.paused_at is not None:
            resume_endpoint(shown, actor=SYSTEM)
        fan_out()
        deliver(Receiver(), Clock())
        if not catch_up() and not own(endpoint).catching_up:
            break
    assert not own(endpoint).catching_up


def tolerant(call):
    def run():
        with contextlib.suppress(Conflict):
            call()

    return run


def pause(endpoint):
    return tolerant(lambda: pause_endpoint(own(endpoint), now=NOW, actor=SYSTEM))


def resume(endpoint):
    return tolerant(lambda: resume_endpoint(own(endpoint), actor=SYSTEM))


def disable(endpoint):
    return tolerant(lambda: disable_endpoint(own(endpoint), now=NOW, actor=SYSTEM))


def patch_on(endpoint):
    return tolerant(lambda: update_endpoint(own(endpoint), active=True, actor=SYSTEM))


def enable(endpoint):
    return tolerant(lambda: enable_endpoint(own(endpoint), replay=True, now=NOW, actor=SYSTEM))


def replay(endpoint):
    since = Event.objects.earliest("occurred_at").occurred_at
    return tolerant(lambda: replay_deliveries(own(endpoint), since=since, now=NOW, actor=SYSTEM))


@pytest.mark.parametrize(
    ("before", "acts"),
    [
        ([], [pause, resume]),
        ([], [disable]),
        ([disable], [enable]),
        ([disable], [patch_on]),
        ([disable], [enable, disable]),
        ([], [replay]),
        ([disable, patch_on], [replay, disable]),
    ],
)
@pytest.mark.parametrize("count", [10, LIMIT + 15])
def test_no_event_is_lost_and_none_is_made_twice(before, acts, count):
    endpoint = make()
    for act in before:
        happened(5, first=1000)
        act(endpoint)()
        fan_out()
    happened(count)

    at_once([fan_out, catch_up, *(act(endpoint) for act in acts), fan_out, catch_up])
    happened(5, first=500)
    settle(endpoint)

    assert made(endpoint) == wanted()
    assert not Delivery.objects.exclude(status=DeliveryStatus.SUCCEEDED).exists()


def test_one_that_is_deleted_meanwhile_leaves_nothing_behind():
    endpoint = make()
    happened(LIMIT + 5)
    at_once([fan_out, lambda: delete_endpoint(own(endpoint), actor=SYSTEM), catch_up])
    fan_out()
    assert not Delivery.objects.exists()


def test_catch_ups_that_run_together_make_each_delivery_once():
    endpoint = make()
    disable(endpoint)()
    happened(12)
    fan_out()
    enable(endpoint)()
    happened(2, first=100)

    at_once([catch_up, fan_out, catch_up, fan_out, catch_up])
    fan_out()

    assert made(endpoint) == wanted()
    assert not own(endpoint).catching_up


@pytest.mark.skipif(connection.vendor == "sqlite", reason="There writers take turns anyway.")
def test_a_fan_out_under_way_holds_up_whoever_switches_the_endpoint():
    """Forced: the switch comes while the batch is made and not yet committed."""
    endpoint = make()
    happened(3)

    def switch_impatiently():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        with pytest.raises(OperationalError, match="lock timeout"):
            disable(endpoint)()

    with transaction.atomic():
        fan_out()
        at_once([switch_impatiently])
    disable(endpoint)()

    assert made(endpoint) == wanted()
    assert own(endpoint).missed_from is None


@pytest.mark.skipif(connection.vendor == "sqlite", reason="There writers take turns anyway.")
def test_a_fan_out_under_way_holds_up_the_last_slice():
    """Else the batch under way would be nobody's: the catch-up ends before it, and the fan-out
    took the endpoint for one that is behind."""
    endpoint = make()
    disable(endpoint)()
    happened(2)
    fan_out()
    enable(endpoint)()
    happened(3, first=100)

    def catch_up_impatiently():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        with pytest.raises(OperationalError, match="lock timeout"):
            catch_up()

    with transaction.atomic():
        fan_out()
        at_once([catch_up_impatiently])
    catch_up()

    assert made(endpoint) == wanted()
    assert not own(endpoint).catching_up


def impatiently(call):
    """With an error instead of a wait for somebody else's lock."""

    def run():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        return call()

    return run


@pytest.mark.skipif(connection.vendor == "sqlite", reason="There writers take turns anyway.")
def test_an_erasure_under_way_holds_up_no_fan_out():
    """Else they would wait for each other as soon as a third one is between them."""
    endpoint = make()
    happened(3)
    relay_events(now=NOW)

    with transaction.atomic():
        erase_events("customer", 2, reason="Asked for.", actor=SYSTEM)
        at_once([impatiently(fan_out)])

    assert made(endpoint) == wanted()
    deliver(receiver := Receiver(), Clock())
    assert len(receiver.received) == 2


@pytest.mark.skipif(connection.vendor == "sqlite", reason="There writers take turns anyway.")
def test_whoever_holds_an_endpoint_holds_up_no_claim():
    """PostgreSQL looks at the endpoint again when a claim gives up what was erased meanwhile; and
    who holds the endpoint to send a message again waits for that claim."""
    endpoint = make()
    happened(3)
    fan_out()
    erase_events("customer", 2, reason="Asked for.", actor=SYSTEM)

    with transaction.atomic():
        hold(endpoint)
        (claimed,) = at_once([impatiently(lambda: claim_due(now=NOW, busy={}, limit=10))])

    assert [each.subject for each in claimed] == ["customer:1", "customer:3"]
    assert Delivery.objects.get(status=DeliveryStatus.FAILED).subject == "customer:2"
