"""A turn to send that the dead would hold passes on at once."""

import os
import subprocess
import sys

import pytest

from tests.webhooks.factories import NOW, Clock, Receiver, deliver, make_delivery
from webhooks.claiming import claim_due
from webhooks.models import Delivery, DispatchTurn
from webhooks.turns import TURN, Turn, has_ended, this_machine

pytestmark = pytest.mark.django_db


@pytest.fixture
def ended_process() -> int:
    """The id of a process that is over."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_turn_says_who_has_it():
    assert Turn.take(NOW)

    turn = DispatchTurn.objects.get()
    assert (turn.taken_at, turn.until) == (NOW, NOW + TURN)
    assert (turn.process_id, turn.machine) == (os.getpid(), this_machine())
    assert turn.host


def test_what_a_dead_process_was_sending_is_sent_at_once(ended_process):
    delivery, receiver = make_delivery(), Receiver()
    Turn.take(NOW)
    claim_due(now=NOW, busy={}, limit=1)
    DispatchTurn.objects.update(process_id=ended_process)

    deliver(receiver, Clock())

    assert receiver.message_ids == [delivery.message_id]
    assert DispatchTurn.objects.get().token == ""


@pytest.mark.parametrize("elsewhere", ["another machine", ""])
def test_of_another_machine_s_process_nobody_knows_whether_it_has_ended(ended_process, elsewhere):
    """A container has process ids of its own: this one's may mean somebody else there."""
    make_delivery()
    Turn.take(NOW)
    claim_due(now=NOW, busy={}, limit=1)
    DispatchTurn.objects.update(process_id=ended_process, machine=elsewhere)

    deliver(Receiver(), Clock())
    assert Turn.take(NOW) is None
    assert Turn.take(NOW + TURN) is not None

    assert Delivery.objects.exclude(lease_token="").count() == 1


def test_a_turn_of_a_living_process_is_left_alone():
    Turn.take(NOW)
    for process_id in (os.getppid(), 1):
        DispatchTurn.objects.update(process_id=process_id)
        assert Turn.take(NOW) is None


def test_whose_process_it_was_is_not_always_known():
    """By a release that did not say."""
    assert not has_ended(this_machine(), None)
