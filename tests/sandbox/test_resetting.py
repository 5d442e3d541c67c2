"""Making a sandbox, resetting it, and everything that must never be reset."""

import datetime

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.utils import timezone

from billing.models import Account, Category, CreditNote, Invoice, Payment, Quote
from bizsuite.events.models import Event
from bizsuite.identity.models import ApiKey, User, organisation
from bizsuite.identity.roles import Role
from bizsuite.sandbox import resetting, tasks
from bizsuite.sandbox.emptying import KEPT_TABLES, emptied_tables
from bizsuite.sandbox.models import SandboxMarker
from bizsuite.sandbox.resetting import NotASandbox, make_sandbox, reset_if_due, reset_sandbox
from bizsuite.team.keys import revoke_api_key
from bizsuite.team.users import delete_user, set_password, update_user
from crm.models import Lead
from customers.models import Customer
from support.models import Department, Ticket
from tests.api_client import ApiClient
from tests.concurrency import at_once
from tests.factories import SYSTEM, make_customer, make_key, make_user

pytestmark = pytest.mark.django_db

# Actions ask the clock themselves what day it is, so the demo's story is told today.
NOON = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)
NEXT_NOON = NOON + datetime.timedelta(days=1)


@pytest.fixture
def short_story(monkeypatch):
    """A company of two customers, where what it is does not matter."""

    def fill(staff, *, now):
        for account in ("Alder & Finch", "Bluebird Bakery"):
            make_customer(account=account)

    monkeypatch.setattr(resetting, "fill", fill)


@pytest.fixture
def login(short_story):
    return newly_reset()


@pytest.fixture
def company(db):
    """The whole of it."""
    return newly_reset()


def newly_reset():
    """PostgreSQL's sequences have gone on in other tests; a reset begins them anew."""
    make_sandbox(now=NOON)
    return reset_sandbox(now=NOON)


def contents() -> dict[str, list]:
    """What the demo's company is, without the moments at which it was told."""
    return {
        "customers": list(Customer.objects.order_by("id").values_list("id", "account", "address")),
        "invoices": list(
            Invoice.objects.order_by("id").values_list("id", "number", "date", "status", "amount")
        ),
        "payments": list(Payment.objects.order_by("id").values_list("id", "amount", "date")),
        "quotes": list(Quote.objects.order_by("id").values_list("id", "number", "status")),
        "accounts": list(Account.objects.order_by("id").values_list("id", "name", "balance")),
        "tickets": list(Ticket.objects.order_by("id").values_list("id", "number", "status")),
        "leads": list(Lead.objects.order_by("id").values_list("id", "company", "stage")),
        "departments": list(Department.objects.order_by("id").values_list("id", "name")),
    }


class TestMaking:
    def test_fills_an_empty_database_and_says_how_to_get_in(self, login, client):
        assert login.key.startswith("bs_test_")
        assert len(ApiClient(login.key).get("/customers?limit=100").data) == 2
        sent = {"username": login.email, "password": login.password}
        assert client.post("/admin/login/", sent, SERVER_NAME="localhost").status_code == 302

    def test_again_changes_nothing(self, login):
        make_customer(account="Mine")
        before = contents()

        assert make_sandbox(now=NEXT_NOON) == login
        assert contents() == before

    def test_is_refused_where_somebody_works(self):
        make_customer()
        before = contents()

        with pytest.raises(NotASandbox):
            make_sandbox(now=NOON)
        assert contents() == before
        assert not SandboxMarker.objects.exists()

    def test_is_refused_in_production(self, settings):
        settings.ENVIRONMENT = "production"

        with pytest.raises(NotASandbox):
            make_sandbox(now=NOON)
        assert not User.objects.exists()

    def test_killed_in_the_middle_leaves_an_empty_database(self, monkeypatch, short_story):
        with monkeypatch.context() as patch:
            patch.setattr(resetting, "fill", fail)
            with pytest.raises(DatabaseError):
                make_sandbox(now=NOON)
        assert not User.objects.exists()
        assert not SandboxMarker.objects.exists()

        make_sandbox(now=NOON)
        assert Customer.objects.count() == 2


def fail(*_args, **_named):
    make_customer(account="Half")
    raise DatabaseError("killed")


class TestTheCompany:
    def test_is_the_same_each_time_and_its_books_are_right(self, company):
        first = contents()
        reset_sandbox(now=NOON)

        assert contents() == first
        call_command("check_books")

    def test_has_something_in_every_state_and_goes_on_where_it_ends(self, company):
        today = organisation().today(NOON)
        assert set(Invoice.objects.values_list("status", flat=True)) == {
            "Draft",
            "Unpaid",
            "Partially Paid",
            "Paid",
            "Void",
        }
        assert Invoice.objects.overdue(today).exists()
        assert CreditNote.objects.count() == 2
        shown = {quote.status_on(today) for quote in Quote.objects.all()}
        assert shown == {"Draft", "Sent", "Accepted", "Declined", "Expired", "Converted"}
        assert set(Ticket.objects.values_list("status", flat=True)) == {"Open", "Pending", "Closed"}
        assert len(set(Lead.objects.values_list("stage", flat=True))) == 5
        dates = set(Invoice.objects.values_list("date", flat=True))
        assert max(dates) == today
        assert (today - min(dates)).days < 400

        api = ApiClient(company.key)
        item = {"description": "Day", "amount": 620, "qty": 1}
        assert api.post("/invoices", {"customer_id": 1, "items": [item]}).status == 201


class TestResetting:
    def test_throws_away_what_visitors_did(self, login):
        before = contents()
        api = ApiClient(login.key)
        api.post("/customers", {"account": "Visitor"})
        api.post("/webhooks", {"url": "https://example.com/hook", "events": ["*"]})
        api.patch("/customers/1", {"account": "Vandal"})

        reset_sandbox(now=NOON)

        assert contents() == before
        assert api.get("/webhooks").data == []
        assert not Event.objects.filter(actor_key_id__isnull=False).exists()
        assert SandboxMarker.objects.get().reset_at == NOON

    def test_keeps_users_keys_and_their_usage(self, login):
        user = make_user(email="dev@example.com", role=Role.VIEWER)
        key, text = make_key(user)

        reset_sandbox(now=NEXT_NOON)

        assert ApiClient(text).get("/customers").status == 200
        assert ApiClient(login.key).get("/customers").status == 200
        assert ApiKey.objects.get(pk=key.pk).user == user

    def test_lets_the_demos_own_people_in_again(self, login, client):
        owner = User.objects.get(email=login.email)
        make_user(email="second@example.com")
        set_password(owner, password="taken over by vandals", actor=SYSTEM)
        update_user(owner, role=Role.VIEWER, name="Vandal", actor=SYSTEM)
        revoke_api_key(ApiKey.objects.get(name="Demo key"), actor=SYSTEM)
        delete_user(User.objects.get(email="sales@sandbox.example"), actor=SYSTEM)

        assert reset_sandbox(now=NEXT_NOON) == login

        owner.refresh_from_db()
        assert (owner.role, owner.name) == (Role.ADMINISTRATOR, "Ada Reyes")
        assert owner.check_password(login.password)
        assert ApiClient(login.key).get("/users?limit=100").status == 200
        assert User.objects.filter(email="sales@sandbox.example", is_active=True).exists()

    def test_keeps_the_sessions_of_those_at_work(self, login, client):
        client.force_login(User.objects.get(email=login.email))

        reset_sandbox(now=NEXT_NOON)

        assert client.get("/admin/", SERVER_NAME="localhost").status_code == 200

    def test_begins_with_what_migrations_make(self, login):
        reset_sandbox(now=NEXT_NOON)

        assert Account.objects.get(pk=1).name == "Cash"
        assert Category.objects.get(pk=1).name == "Sales"
        assert Department.objects.get(pk=1).name == "Support"
        api = ApiClient(login.key)
        assert api.post("/categories", {"name": "Gifts", "type": "Income"}).data["id"] == 2
        assert api.post("/departments", {"name": "Sales"}).data["id"] == 2

    def test_that_fails_half_way_changes_nothing_and_can_be_run_again(self, login, monkeypatch):
        make_customer(account="Visitor")
        before = contents()

        with monkeypatch.context() as patch:
            patch.setattr(resetting, "fill", fail)
            with pytest.raises(DatabaseError):
                reset_sandbox(now=NEXT_NOON)
        assert contents() == before

        reset_sandbox(now=NEXT_NOON)
        assert not Customer.objects.filter(account="Visitor").exists()

    @pytest.mark.django_db(transaction=True)
    def test_twice_at_once_is_once(self, monkeypatch, short_story):
        login = make_sandbox(now=NOON)
        filled = []
        fill = resetting.fill

        def counting(staff, *, now):
            filled.append(now)
            fill(staff, now=now)

        monkeypatch.setattr(resetting, "fill", counting)

        logins = at_once([lambda: reset_sandbox(now=NEXT_NOON)] * 2)

        assert logins == [login, login]
        assert filled == [NEXT_NOON]

    def test_is_due_once_a_day(self, login):
        assert not reset_if_due(now=NOON + datetime.timedelta(hours=11, minutes=59))
        assert reset_if_due(now=NOON + datetime.timedelta(hours=12))
        assert not reset_if_due(now=NOON + datetime.timedelta(hours=12, minutes=10))

    def test_by_the_scheduler_is_the_same(self, login):
        SandboxMarker.objects.update(reset_at=NOON - datetime.timedelta(days=2))
        make_customer(account="Visitor")

        tasks.reset_if_due()

        assert not Customer.objects.filter(account="Visitor").exists()


class TestWhatIsNoSandbox:
    @pytest.fixture
    def installation(self, db):
        make_customer(account="Real")
        return make_key()[1]

    @pytest.mark.parametrize("environment", ["production", "sandbox"])
    def test_is_not_touched_whatever_the_environment_says(
        self, installation, settings, environment
    ):
        settings.ENVIRONMENT = environment
        before = contents(), Event.objects.count(), User.objects.count()

        with pytest.raises(NotASandbox):
            reset_sandbox(now=NOON)
        with pytest.raises(NotASandbox):
            reset_if_due(now=NOON)
        assert (contents(), Event.objects.count(), User.objects.count()) == before

    def test_a_sandbox_is_not_reset_by_productions_commands(self, login, settings):
        settings.ENVIRONMENT = "production"
        make_customer(account="Visitor")

        with pytest.raises(NotASandbox):
            reset_sandbox(now=NOON)
        assert Customer.objects.filter(account="Visitor").exists()


def test_each_environment_refuses_the_others_keys(login, settings):
    settings.ENVIRONMENT = "production"

    assert ApiClient(login.key).get("/customers").status == 401
    _, live = make_key()
    assert ApiClient(live).get("/customers").status == 200
    settings.ENVIRONMENT = "sandbox"
    assert ApiClient(live).get("/customers").status == 401


def test_every_table_is_either_emptied_or_kept_on_purpose():
    assert set(connection.introspection.django_table_names()) - set(emptied_tables()) == KEPT_TABLES
    assert not set(emptied_tables()) & KEPT_TABLES
