"""verify_audit and erase_events as an operator meets them."""

import io
import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from bizsuite.events.models import Event, RelayState
from bizsuite.events.relay import relay_events
from bizsuite.identity.models import organisation
from tests.events.trail import NOW, alter, happen
from tests.factories import make_customer
from tests.operations.test_commands import exit_code_and_errors, run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _connection_outlives_the_command(monkeypatch):
    monkeypatch.setattr("django.core.management.base.connections.close_all", lambda: None)


def refused(name: str, *arguments: str) -> str:
    """What a command prints before it ends with exit code 1."""
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command(name, *arguments, stdout=out)
    return out.getvalue()


class TestVerifying:
    def test_a_right_trail_is_one_line_with_its_head(self):
        head = happen(3)[-1].chain_sha256
        assert run("verify_audit") == [f"The audit trail is right: 3 events, head {head}."]

    def test_an_empty_one_is_right(self):
        assert run("verify_audit") == ["The audit trail is right: 0 events, head none yet."]

    def test_what_waits_for_its_number_is_told(self):
        happen(1)
        make_customer()
        assert run("verify_audit")[1] == "Sealed, and waiting for their number: 1 more."

    def test_a_wrong_one_names_the_row_and_exits_with_1(self, capsys):
        event = happen(3)[1]
        alter(event, payload="{}")

        code, errors = exit_code_and_errors(capsys, "verify_audit")

        assert code == 1
        assert errors == "CommandError: The audit trail is not what was recorded: 1 finding.\n"
        assert refused("verify_audit").startswith(
            f"OFF   Event {event.pk} (sequence 2, customer.created of customer {event.object_id}, "
        )

    def test_a_long_one_says_how_far_it_is(self, capsys, monkeypatch):
        command = "bizsuite.operations.management.commands.verify_audit"
        monkeypatch.setattr(f"{command}.EVENTS_PER_LINE", 2)
        monkeypatch.setattr("bizsuite.events.rows.PAGE", 2)
        happen(5)

        run("verify_audit")

        lines = capsys.readouterr().err.splitlines()
        assert [line.partition(" (")[0] for line in lines] == ["2 of 5 events", "4 of 5 events"]


class TestHeads:
    def exported(self, tmp_path) -> str:
        path = str(tmp_path / "head.json")
        run("verify_audit", "--export", path)
        return path

    def test_the_head_is_exported_as_json(self, tmp_path):
        event = happen(3)[-1]

        said = run("verify_audit", "--export", str(tmp_path / "head.json"))

        head = json.loads((tmp_path / "head.json").read_text())
        assert said[-1].startswith("The head is in ")
        assert head.pop("exported_at").endswith("Z")
        assert head == {
            "format": "bizsuite-audit-head-1",
            "organisation": organisation().name,
            "events": 3,
            "sequence": 3,
            "chain_sha256": event.chain_sha256,
        }

    def test_to_stdout_goes_nothing_but_the_head(self, capsys):
        happen(2)
        lines = run("verify_audit", "--export", "-")
        assert json.loads("\n".join(lines))["sequence"] == 2
        assert "The audit trail is right" in capsys.readouterr().err

    def test_a_head_is_not_overwritten(self, tmp_path, capsys):
        happen(1)
        path = self.exported(tmp_path)
        before = (tmp_path / "head.json").read_text()
        happen(1)

        code, errors = exit_code_and_errors(capsys, "verify_audit", "--export", path)

        assert (code, (tmp_path / "head.json").read_text()) == (1, before)
        assert "exists already" in errors

    def test_a_wrong_trail_exports_none(self, tmp_path):
        happen(2)
        Event.objects.update(source="api")
        with pytest.raises(CommandError):
            run("verify_audit", "--export", str(tmp_path / "head.json"))
        assert not (tmp_path / "head.json").exists()

    def test_a_trail_that_went_on_contains_it(self, tmp_path):
        happen(3)
        path = self.exported(tmp_path)
        happen(2)

        assert run("verify_audit", "--against", path)[-1] == (
            "It contains the exported head: event 3."
        )

    def rolled_back_to(self, sequence: int) -> None:
        """Everything as it was then: rows, relay, all that a database's backup brings back."""
        Event.objects.filter(sequence__gt=sequence).delete()
        last = Event.objects.get(sequence=sequence)
        RelayState.objects.update(last_sequence=sequence, last_chain_sha256=last.chain_sha256)

    def test_one_that_was_rolled_back_does_not(self, tmp_path, capsys):
        happen(5)
        path = self.exported(tmp_path)
        self.rolled_back_to(3)

        assert run("verify_audit")[0].startswith("The audit trail is right: 3 events")
        code, errors = exit_code_and_errors(capsys, "verify_audit", "--against", path)

        assert (code, "1 finding." in errors) == (1, True)
        assert refused("verify_audit", "--against", path) == (
            "OFF   The exported head is event 5, and the chain ends at 3: events were removed.\n"
        )

    def test_nor_one_that_was_rolled_back_and_went_another_way(self, tmp_path):
        happen(5)
        path = self.exported(tmp_path)
        self.rolled_back_to(3)
        happen(4)

        assert "what led there is not what it was" in refused("verify_audit", "--against", path)

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "This is no exported head: Malformed JSON"),
            (b"\xff", "not valid UTF-8"),
            (b"[]", 'it has no "format"'),
            (b'{"format":"other"}', 'it has no "format"'),
            (b'{"format":"bizsuite-audit-head-1","sequence":true}', "is missing"),
        ],
    )
    def test_a_file_that_is_none_is_refused(self, tmp_path, content, said):
        (tmp_path / "head.json").write_bytes(content)
        with pytest.raises(CommandError, match=said):
            run("verify_audit", "--against", str(tmp_path / "head.json"))

    def test_so_is_one_that_is_not_there(self, tmp_path):
        with pytest.raises(CommandError, match="The exported head cannot be read"):
            run("verify_audit", "--against", str(tmp_path / "none.json"))


class TestErasing:
    def test_it_says_what_it_did_and_the_trail_is_right(self):
        customer = make_customer()
        happen(2)

        said = run("erase_events", "customer", str(customer.pk), "--reason", "Asked to")

        erasure = Event.objects.get(type="event.erased")
        assert said == [
            f"Erased: what 1 event said of customer {customer.pk}. Event {erasure.pk} says why."
        ]
        assert erasure.source == "cli"
        relay_events(now=NOW)
        assert run("verify_audit")[1] == ("Erased, each by an erasure that is recorded: 1 of them.")

    def test_a_dry_run_says_how_much_it_would_be(self):
        customer = make_customer()

        said = run("erase_events", "customer", str(customer.pk), "--reason", "x", "--dry-run")

        assert said == [f"To erase: what 1 event said of customer {customer.pk}."]
        assert not Event.objects.filter(type="event.erased").exists()
        assert not Event.objects.exclude(erased_by=None).exists()

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("customer", "99", "--reason", "x"), "There is no event of customer 99"),
            (("customr", "1", "--reason", "x"), "resource: Must be one of: account"),
            (("customer", "1", "--reason", " "), "reason: Say why"),
            (("event", "1", "--reason", "x"), "What was erased and why is kept"),
        ],
    )
    def test_refusals_are_one_line(self, arguments, said):
        happen(1)
        with pytest.raises(CommandError, match=said):
            run("erase_events", *arguments)
        assert not Event.objects.filter(type="event.erased").exists()
