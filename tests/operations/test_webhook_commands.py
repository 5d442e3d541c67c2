"""webhooks status, replay and prune as an operator meets them."""

import datetime
import io
import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from bizsuite.events.models import ConsumerCursor, Event
from bizsuite.events.relay import consume, relay_events
from tests.factories import SYSTEM
from tests.operations.test_commands import exit_code_and_errors, run
from tests.webhooks.factories import (
    FAILURE,
    Clock,
    Receiver,
    deliver,
    fan_out,
    happen,
    make_delivery,
    make_endpoint,
)
from webhooks.endpoints import update_endpoint
from webhooks.models import (
    Delivery,
    DeliveryStatus,
    DisabledReason,
    DispatchTurn,
    WebhookEndpoint,
)
from webhooks.sending import Reply
from webhooks.switching import give_up_endpoint
from webhooks.turns import Turn

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = (datetime.timedelta(**{unit: 1}) for unit in ("minutes", "hours", "days"))


@pytest.fixture(autouse=True)
def _connection_outlives_the_command(monkeypatch):
    monkeypatch.setattr("django.core.management.base.connections.close_all", lambda: None)


@pytest.fixture
def now() -> datetime.datetime:
    return timezone.now()


def everybody_reads(now: datetime.datetime) -> None:
    """As the running product does within a second."""
    fan_out(now)
    for consumer in ("billing", "crm"):
        consume(consumer, lambda events: None, now=now)


def status(*arguments: str) -> tuple[int, str]:
    """The exit code, and what is printed."""
    out = io.StringIO()
    try:
        call_command("webhooks", "status", *arguments, stdout=out)
    except CommandError as error:
        return error.returncode, out.getvalue()
    return 0, out.getvalue()


def given_up(delivery: Delivery, at: datetime.datetime) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(
        status=DeliveryStatus.FAILED,
        next_attempt_at=None,
        delivered_at=None,
        failed_at=at,
        lease_token="",
        leased_until=None,
    )


class TestStatus:
    def test_a_new_installation_is_well(self):
        assert status() == (
            0,
            "Relay       numbered up to 0; no event waits\n"
            "Consumers   billing has read all · crm has read all · webhooks has read all\n"
            "Dispatcher  nobody is sending\n"
            "\n"
            "There are no webhooks.\n"
            "\n"
            "All is well.\n",
        )

    def test_each_webhook_has_a_line_and_no_secret_of_its_url(self, now):
        make_endpoint(url="https://hooks.example.com/in?token=hidden")
        for _ in range(4):
            happen()
        everybody_reads(now)
        deliver(Receiver(Reply(200), Reply(200), Reply(200), FAILURE), Clock(now))

        code, text = status()

        assert code == 0
        assert "hidden" not in text
        head, line = text.splitlines()[4:6]
        assert head.split()[0] == "Id"
        cells = line.split()
        assert cells[1:4] == ["hooks.example.com/in", "failing", "1"]
        assert cells[-3:] == ["0", "75", "%"]
        assert "in " in line

    def test_events_that_nobody_numbers_need_a_person(self, now):
        happen()
        assert status()[0] == 0
        Event.objects.update(occurred_at=now - 2 * MINUTE)

        code, text = status()

        assert code == 1
        assert "Relay       numbered up to 0; 1 wait, the oldest for 2 min\n" in text
        assert "TO DO  Events that wait to be numbered: 1, the oldest since " in text
        assert "manage.py up" in text

    @pytest.mark.skipif(connection.vendor != "sqlite", reason="others keep instants alone")
    @pytest.mark.parametrize("instant", ["yesterday", "2024-13-45 10:00:00"])
    def test_an_event_with_an_instant_that_is_none_is_counted(self, instant):
        happen()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE events_event SET occurred_at = %s", [instant])

        assert "no event waits" not in status()[1].splitlines()[0]
        assert "1 wait, the oldest for" in status()[1]

    def test_a_consumer_that_does_not_read_needs_a_person(self, now):
        make_endpoint()
        happen()
        everybody_reads(now)
        Event.objects.update(occurred_at=now - HOUR)
        ConsumerCursor.objects.filter(consumer="crm").update(sequence=0)

        code, text = status()

        assert code == 1
        assert "crm 2 behind (60 min) · webhooks has read all\n" in text
        assert "TO DO  crm has not read 2 events" in text
        assert text.count("TO DO") == 1

    def test_who_sends_is_named(self, now):
        Turn.take(now - MINUTE / 12)
        turn = DispatchTurn.objects.get()

        text = status()[1]

        assert f"Dispatcher  process {turn.process_id} on {turn.host} has been sending for" in text

    def test_work_that_nobody_does_needs_a_person(self, now):
        make_delivery(make_endpoint())
        everybody_reads(now)
        Delivery.objects.update(next_attempt_at=now - 2 * MINUTE)

        code, text = status()

        assert code == 1
        assert "TO DO  Nobody sends, and there is work since " in text

    @pytest.mark.parametrize(
        ("reason", "said"),
        [(DisabledReason.GONE, "410 Gone"), (DisabledReason.FAILING, "nothing arrived")],
    )
    def test_a_webhook_that_was_switched_off_needs_a_person(self, now, reason, said):
        endpoint = make_endpoint()
        give_up_endpoint(endpoint.pk, reason=reason, now=now - HOUR)
        everybody_reads(now)

        code, text = status()

        assert code == 1
        assert f"disabled ({reason.value})" in text
        assert f"TO DO  Webhook {endpoint.pk} is off since " in text
        assert said in text

    def test_a_webhook_that_makes_up_for_what_it_missed_says_so(self, now):
        endpoint = make_endpoint()
        everybody_reads(now)
        WebhookEndpoint.objects.filter(pk=endpoint.pk).note(catch_up_from=1)

        code, text = status()

        assert code == 0
        assert "active (catching_up)" in text

    def test_what_a_person_switched_off_is_meant_so(self, now):
        update_endpoint(make_endpoint(), active=False, actor=SYSTEM)
        everybody_reads(now)
        assert status()[0] == 0

    def test_a_receiver_that_fails_needs_a_person_after_some_hours(self, now):
        endpoint = make_endpoint()
        everybody_reads(now)
        row = WebhookEndpoint.objects.filter(pk=endpoint.pk)
        row.note_failing(since=now - 5 * HOUR, last=now)
        assert status()[0] == 0
        row.note_failing(since=now - 7 * HOUR, last=now)
        assert status()[0] == 1

    def test_given_up_messages_come_with_the_command_that_sends_them_again(self, now, capsys):
        delivery = make_delivery(make_endpoint())
        everybody_reads(now)
        given_up(delivery, now - HOUR)
        Event.objects.update(occurred_at=now - 4 * DAY)

        code, text = status()

        assert code == 1
        command = text[text.index("manage.py webhooks replay") :].split()[1:6]
        assert run(*command) == [f"1 message is due now for webhook {delivery.endpoint_id}."]
        everybody_reads(now)
        assert status()[0] == 0

    def test_messages_given_up_long_ago_are_history(self, now):
        delivery = make_delivery(make_endpoint())
        everybody_reads(now)
        given_up(delivery, now - 25 * HOUR)
        assert status()[0] == 0

    def test_programs_get_all_of_it(self, now):
        endpoint = make_endpoint(url="https://hooks.example.com/in?token=hidden")
        give_up_endpoint(endpoint.pk, reason=DisabledReason.GONE, now=now)
        everybody_reads(now)

        code, text = status("--json")

        document = json.loads(text)
        assert code == 1
        assert not document["well"]
        assert document["relay"] == document["relay"] | {"sequence": 2, "waiting": 0}
        assert [(c["name"], c["lag"]) for c in document["consumers"]] == [
            ("billing", 0),
            ("crm", 0),
            ("webhooks", 0),
        ]
        (webhook,) = document["endpoints"]
        assert (webhook["address"], webhook["state"]) == ("hooks.example.com/in", "disabled")
        (problem,) = document["problems"]
        assert problem["endpoint_id"] == endpoint.pk

    def test_those_in_trouble_come_first_of_many(self, now, django_assert_max_num_queries):
        for _ in range(19):
            make_endpoint()
        troubled = make_endpoint()
        give_up_endpoint(troubled.pk, reason=DisabledReason.GONE, now=now)
        everybody_reads(now)

        with django_assert_max_num_queries(12):
            lines = status()[1].splitlines()

        assert lines[5].split()[0] == str(troubled.pk)
        assert "… and 5 more, which are well: --all shows them." in lines
        assert len(lines) < 25
        assert len(status("--all")[1].splitlines()) == len(lines) + 4

    def test_the_exit_code_says_how_much_there_is_to_do(self, now, capsys):
        for _ in range(2):
            give_up_endpoint(make_endpoint().pk, reason=DisabledReason.GONE, now=now)
        everybody_reads(now)
        code, errors = exit_code_and_errors(capsys, "webhooks", "status")
        assert (code, errors) == (1, "CommandError: 2 things need a person.\n")


class TestReplay:
    def test_a_dry_run_says_how_many_and_sends_none(self, now):
        endpoint = make_endpoint()
        given_up(make_delivery(endpoint), now)
        relay_events(now=now)
        before = Event.objects.count()

        assert run(
            "webhooks", "replay", str(endpoint.pk), "--since", "2024-01-01", "--dry-run"
        ) == [f"1 message would be due now for webhook {endpoint.pk}."]

        assert Delivery.objects.get().status == DeliveryStatus.FAILED
        assert Event.objects.count() == before

    def test_it_is_in_the_trail(self, now):
        endpoint = make_endpoint()
        given_up(make_delivery(endpoint), now)
        said = run("webhooks", "replay", str(endpoint.pk), "--since", "2024-01-01T00:00:00Z")
        assert said == [f"1 message is due now for webhook {endpoint.pk}."]
        assert Delivery.objects.get().status == DeliveryStatus.PENDING
        event = Event.objects.get(type="webhook.replayed")
        assert event.source == "cli"

    @pytest.mark.parametrize(
        ("arguments", "code", "said"),
        [
            (["99", "--since", "2024-01-01"], 1, "There is no webhook 99."),
            (["1"], 2, "--since"),
            (["1", "--since", "yesterday"], 2, "'yesterday' is no date"),
            (["one", "--since", "2024-01-01"], 2, "invalid int value"),
        ],
    )
    def test_what_cannot_be_is_refused(self, capsys, arguments, code, said):
        refused = exit_code_and_errors(capsys, "webhooks", "replay", *arguments)
        assert refused[0] == code
        assert said in refused[1]

    def test_an_instant_still_to_come_is_a_mistake_and_writes_nothing(self, capsys, now):
        endpoint = make_endpoint()
        code, errors = exit_code_and_errors(
            capsys, "webhooks", "replay", str(endpoint.pk), "--since", "2999-01-01"
        )
        assert code == 1
        assert "--since is still to come" in errors
        assert not Event.objects.filter(type="webhook.replayed").exists()

    def test_a_webhook_that_is_off_gets_nothing(self, capsys, now):
        endpoint = make_endpoint()
        update_endpoint(endpoint, active=False, actor=SYSTEM)
        code, errors = exit_code_and_errors(
            capsys, "webhooks", "replay", str(endpoint.pk), "--since", "2024-01-01"
        )
        assert code == 1
        assert "is disabled" in errors


class TestPrune:
    @pytest.fixture
    def old(self, now) -> None:
        endpoint = make_endpoint()
        arrived = make_delivery(endpoint)
        deliver(Receiver(), Clock())
        Delivery.objects.filter(pk=arrived.pk).update(delivered_at=now - 20 * DAY)
        given_up(make_delivery(endpoint), now - 20 * DAY)

    def test_it_forgets_by_the_settings_or_by_what_is_said(self, old):
        assert run("webhooks", "prune") == [
            "Forgotten: 0 deliveries that arrived more than 30 days ago,"
            " 0 that were given up more than 90 days ago."
        ]
        assert run("webhooks", "prune", "--days", "10", "--dry-run") == [
            "To forget: 1 deliveries that arrived more than 10 days ago,"
            " 0 that were given up more than 90 days ago."
        ]
        assert Delivery.objects.count() == 2
        assert run("webhooks", "prune", "--days", "10", "--failed-days", "15") == [
            "Forgotten: 1 deliveries that arrived more than 10 days ago,"
            " 1 that were given up more than 15 days ago."
        ]
        assert Delivery.objects.count() == 0

    @pytest.mark.parametrize("days", ["0", "-1", "x"])
    def test_days_are_a_number_from_one_on(self, capsys, old, days):
        code, _ = exit_code_and_errors(capsys, "webhooks", "prune", f"--days={days}")
        assert code == 2
        assert Delivery.objects.count() == 2
