"""The operators' commands: what they do, print and refuse, and with which exit code."""

import io
import sys
from datetime import UTC, datetime
from unittest import mock

import pytest
from django.core.management import ManagementUtility, call_command
from django.core.management.base import CommandError
from django.db import OperationalError

from bizsuite.crypto import decrypt
from bizsuite.events.models import Event
from bizsuite.identity.models import ApiKey, User
from bizsuite.identity.roles import Role
from tests.api_client import ApiClient
from tests.factories import make_key, make_user

pytestmark = pytest.mark.django_db

GOOD_PASSWORD = "violet harbour 47 lanterns"


def run(name: str, *arguments: str) -> list[str]:
    """The lines a command prints."""
    out = io.StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue().splitlines()


def exit_code(name: str, *arguments: str) -> int:
    """As the shell sees a command that is refused, or that only explains itself."""
    # Django is set up. Done again, the log would from here on go to this test's captured stderr.
    with pytest.raises(SystemExit) as end, mock.patch("django.setup"):
        ManagementUtility(["manage.py", name, *arguments]).execute()
    return end.value.code


def exit_code_and_errors(capsys, name: str, *arguments: str) -> tuple[int, str]:
    code = exit_code(name, *arguments)
    return code, capsys.readouterr().err


@pytest.fixture(autouse=True)
def _connection_outlives_the_command(monkeypatch):
    """A command closes its connection at the end, and here that is the test's."""
    monkeypatch.setattr("django.core.management.base.connections.close_all", lambda: None)


@pytest.fixture
def password(monkeypatch):
    monkeypatch.setenv("BIZSUITE_ADMIN_PASSWORD", GOOD_PASSWORD)


@pytest.fixture
def terminal(monkeypatch):
    """A terminal at which these passwords are typed."""

    def type_in(*answers: str) -> None:
        typed = iter(answers)
        monkeypatch.delenv("BIZSUITE_ADMIN_PASSWORD", raising=False)
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
        monkeypatch.setattr("getpass.getpass", lambda prompt: next(typed))

    return type_in


@pytest.mark.parametrize(
    "name",
    [
        *("up", "create_admin", "create_api_key", "revoke_api_key", "reset_password"),
        *("unlock_sign_in", "webhooks"),
    ],
)
def test_every_command_explains_itself(capsys, name):
    assert exit_code(name, "--help") == 0
    assert capsys.readouterr().out.startswith(f"usage: manage.py {name}")


# ── create_admin ──────────────────────────────────────────────────────────────


def test_create_admin_adds_an_administrator_who_can_sign_in(password):
    assert run("create_admin", "--email", "ada@example.org", "--name", "Ada") == [
        "Administrator ada@example.org added."
    ]
    user = User.objects.get()
    assert (user.name, user.role, user.is_active) == ("Ada", Role.ADMINISTRATOR, True)
    assert user.check_password(GOOD_PASSWORD)
    event = Event.objects.get()
    assert (event.type, event.source) == ("user.created", "cli")


def test_create_admin_asks_twice_for_the_password(terminal):
    terminal(GOOD_PASSWORD, GOOD_PASSWORD)
    run("create_admin", "--email", "ada@example.org", "--name", "Ada")
    assert User.objects.get().check_password(GOOD_PASSWORD)


def test_create_admin_refuses_two_different_passwords(terminal):
    terminal(GOOD_PASSWORD, "another one entirely")
    with pytest.raises(CommandError, match=r"^The two passwords differ\.$"):
        run("create_admin", "--email", "ada@example.org", "--name", "Ada")
    assert not User.objects.exists()


def test_create_admin_without_password_or_terminal_says_what_to_do(monkeypatch, capsys):
    monkeypatch.delenv("BIZSUITE_ADMIN_PASSWORD", raising=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert exit_code_and_errors(
        capsys, "create_admin", "--email", "ada@example.org", "--name", "Ada"
    ) == (
        1,
        "CommandError: Set BIZSUITE_ADMIN_PASSWORD, or run this in a terminal to be asked.\n",
    )


def test_create_admin_refuses_a_weak_password(monkeypatch, capsys):
    monkeypatch.setenv("BIZSUITE_ADMIN_PASSWORD", "12345")
    code, errors = exit_code_and_errors(
        capsys, "create_admin", "--email", "ada@example.org", "--name", "Ada"
    )
    assert code == 1
    assert errors.startswith("CommandError: password: This password is too short.")
    assert "12345" not in errors
    assert "Traceback" not in errors
    assert not User.objects.exists()


def test_create_admin_names_every_wrong_field(password, capsys):
    make_user(email="ada@example.org")
    code, errors = exit_code_and_errors(
        capsys, "create_admin", "--email", "ADA@example.org", "--name", " "
    )
    assert code == 1
    assert "email: A user with this e-mail address already exists" in errors
    assert "name: This field is required" in errors
    assert User.objects.count() == 1


def test_a_missing_option_is_a_usage_error(capsys):
    code, errors = exit_code_and_errors(capsys, "create_admin", "--name", "Ada")
    assert code == 2
    assert "--email" in errors


# ── reset_password ────────────────────────────────────────────────────────────


def test_reset_password_gives_a_new_password(password):
    user = make_user(email="ada@example.org")
    assert run("reset_password", "--email", "Ada@Example.org") == [
        "ada@example.org has a new password."
    ]
    user.refresh_from_db()
    assert user.check_password(GOOD_PASSWORD)


def test_reset_password_of_nobody_is_refused_before_it_asks(terminal, capsys):
    terminal()  # nothing will be typed
    assert exit_code_and_errors(capsys, "reset_password", "--email", "eve@example.org") == (
        1,
        "CommandError: There is no user eve@example.org.\n",
    )


# ── create_api_key ────────────────────────────────────────────────────────────


def test_the_last_line_of_create_api_key_is_the_key_and_works():
    make_user(email="ada@example.org")
    lines = run("create_api_key", "--user", "ada@example.org", "--name", "Shop")
    assert ApiClient(lines[-1]).get("/customers").status == 200
    key = ApiKey.objects.get()
    assert (key.name, key.scopes, key.rate_limit, key.expires_at) == ("Shop", [], None, None)
    assert lines[:-1] == [f"Key {key.public_id} for ada@example.org:"]


def test_create_api_key_takes_scopes_limit_and_expiry():
    make_user(email="ada@example.org")
    run(
        *("create_api_key", "--user", "ada@example.org", "--name", "Shop"),
        *("--scopes", "customers:read, invoices:write"),
        *("--rate-limit", "5000", "--expires", "2999-12-31"),
    )
    key = ApiKey.objects.get()
    assert key.scopes == ["customers:read", "invoices:write"]
    assert key.rate_limit == 5000
    assert key.expires_at == datetime(2999, 12, 31, tzinfo=UTC)


def test_create_api_key_takes_an_instant_with_its_zone():
    make_user(email="ada@example.org")
    run(
        *("create_api_key", "--user", "ada@example.org", "--name", "Shop"),
        *("--expires", "2999-12-31T12:00:00+02:00"),
    )
    assert ApiKey.objects.get().expires_at == datetime(2999, 12, 31, 10, tzinfo=UTC)


def test_create_api_key_takes_networks_and_prints_a_signing_secret_before_the_key():
    make_user(email="ada@example.org")

    lines = run(
        *("create_api_key", "--user", "ada@example.org", "--name", "Bank feed"),
        *("--networks", "203.0.113.0/24, 2001:db8::/32", "--require-signature"),
    )

    key = ApiKey.objects.get()
    assert key.allowed_networks == ["203.0.113.0/24", "2001:db8::/32"]
    assert key.signature_required
    assert lines[0] == f"Signing secret: {decrypt(key.encrypted_signing_secret)}"
    assert lines[1] == f"Key {key.public_id} for ada@example.org:"
    assert lines[2].startswith(f"bs_live_{key.public_id}_")


def test_create_api_key_can_leave_signing_to_the_program():
    make_user(email="ada@example.org")

    lines = run("create_api_key", "--user", "ada@example.org", "--name", "Bank feed", "--sign")

    assert not ApiKey.objects.get().signature_required
    assert ApiClient(lines[-1]).get("/customers").status == 200


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["--networks", "here"], "allowed_networks: 'here' is no address"),
        (["--user", "eve@example.org"], "There is no user eve@example.org."),
        (["--scopes", "planets:read"], "scopes: Unknown scopes: planets:read"),
        (["--rate-limit", "0"], "rate_limit: Must be between 1 and 1000000000"),
        (["--expires", "2001-01-01"], "expires_at: Must be in the future"),
        (["--name", " "], "name: This field is required"),
    ],
)
def test_create_api_key_refuses_what_cannot_be(capsys, options, error):
    make_user(email="ada@example.org")
    code, errors = exit_code_and_errors(
        capsys, "create_api_key", "--user", "ada@example.org", "--name", "Shop", *options
    )
    assert code == 1
    assert errors.startswith(f"CommandError: {error}")
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("day", ["tomorrow", "2026-02-30", "31.12.2999"])
def test_a_day_that_is_none_is_a_usage_error(capsys, day):
    code, errors = exit_code_and_errors(
        capsys, "create_api_key", "--user", "a@b.org", "--name", "Shop", "--expires", day
    )
    assert code == 2
    assert f"{day!r} is no date like 2030-12-31" in errors


# ── revoke_api_key ────────────────────────────────────────────────────────────


def test_a_revoked_key_opens_nothing_any_more():
    key, secret = make_key(name="Shop")
    _, other_secret = make_key()
    assert run("revoke_api_key", key.public_id) == [f"Key {key.public_id} (Shop) is revoked."]
    assert ApiClient(secret).get("/customers").status == 401
    assert ApiClient(other_secret).get("/customers").status == 200
    assert Event.objects.filter(type="api_key.revoked").count() == 1


def test_revoking_twice_is_recorded_once():
    key, _ = make_key()
    run("revoke_api_key", key.public_id)
    run("revoke_api_key", key.public_id)
    assert Event.objects.filter(type="api_key.revoked").count() == 1


def test_a_key_that_is_none_cannot_be_revoked(capsys):
    assert exit_code_and_errors(capsys, "revoke_api_key", "nosuchkey") == (
        1,
        "CommandError: There is no API key nosuchkey.\n",
    )


def test_an_unprepared_database_is_said_plainly(monkeypatch, capsys, password):
    def fail(**fields):
        raise OperationalError("no such table: identity_user")

    monkeypatch.setattr("bizsuite.operations.management.commands.create_admin.create_user", fail)
    code, errors = exit_code_and_errors(
        capsys, "create_admin", "--email", "a@b.org", "--name", "Ada"
    )
    assert code == 1
    assert errors == (
        "CommandError: The database cannot be used: no such table: identity_user\n"
        "`manage.py up` or `manage.py migrate` prepares it.\n"
    )


# ── unlock_sign_in ────────────────────────────────────────────────────────────


def test_unlock_sign_in_lets_people_try_again(client):
    make_user(email="ada@example.org", password=GOOD_PASSWORD)

    def sign_in(password: str) -> int:
        sent = {"username": "ada@example.org", "password": password}
        return client.post("/admin/login/", sent, SERVER_NAME="localhost").status_code

    for arguments, said in (
        (["--email", "Ada@example.org"], "ada@example.org can try again."),
        ([], "Everybody can try again."),
    ):
        assert [sign_in("wrong") for _ in range(6)][-1] == 429
        assert run("unlock_sign_in", *arguments) == [said]
        assert sign_in(GOOD_PASSWORD) == 302


def test_unlocking_nobody_is_refused(capsys):
    assert exit_code_and_errors(capsys, "unlock_sign_in", "--email", "eve@example.org") == (
        1,
        "CommandError: There is no user eve@example.org.\n",
    )
