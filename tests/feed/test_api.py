"""GET /events: in order, by a cursor, and only what the key may know of."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bizsuite.events.models import Event, RelayState
from bizsuite.events.registry import event_types
from bizsuite.events.relay import relay_events
from bizsuite.feed import reading
from bizsuite.identity.roles import RESOURCES, Role
from tests.api_client import ApiClient
from tests.factories import SYSTEM, make_customer, make_invoice, make_key, make_ticket, make_user
from tests.webhooks.factories import make_endpoint
from webhooks.messages import message_body

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(api):
    """A key to a feed that begins now."""
    Event.objects.all().delete()
    return api


def number() -> None:
    relay_events(now=timezone.now())


def make_customers(count: int) -> None:
    for _ in range(count):
        make_customer()
    number()


def sequences(answer) -> list[int]:
    return [event["sequence"] for event in answer.data]


class TestPaging:
    def test_events_come_in_order_and_the_answer_says_where_to_go_on(self, api):
        make_customers(5)

        first = api.get("/events?limit=3")
        assert sequences(first) == [1, 2, 3]
        assert first.meta == {"next_after": 3, "has_more": True, "last": 5, "limit": 3}
        second = api.get("/events?limit=3&after=3")
        assert sequences(second) == [4, 5]
        assert second.meta == {"next_after": 5, "has_more": False, "last": 5, "limit": 3}

    def test_an_empty_page_says_where_to_go_on_too(self, api):
        assert api.get("/events").meta == {
            "next_after": 0,
            "has_more": False,
            "last": 0,
            "limit": 20,
        }
        make_customers(2)

        answer = api.get("/events?after=2")

        assert answer.data == []
        assert answer.meta == {"next_after": 2, "has_more": False, "last": 2, "limit": 20}

    def test_the_same_cursor_gives_the_same_and_what_came_since(self, api):
        make_customers(3)
        before = api.get("/events?after=1")
        make_customers(1)

        after = api.get("/events?after=1")

        assert after.data[:2] == before.data
        assert sequences(after) == [2, 3, 4]

    def test_the_link_goes_on_with_the_same_filters(self, api):
        make_customers(3)

        answer = api.get("/events?limit=2&type=customer.*")

        assert answer.headers["Link"].endswith(
            '/api/v2/events?limit=2&type=customer.%2A&after=2>; rel="next"'
        )

    def test_what_has_no_number_yet_is_not_there(self, api):
        make_customer()

        assert api.get("/events").data == []
        assert api.get("/events/1").status == 404

    def test_a_number_that_the_relay_has_not_given_ends_no_feed(self, api):
        make_customers(3)
        Event.objects.filter(sequence=3).update(sequence=10**17)
        RelayState.objects.update(last_sequence=2)

        answer = api.get("/events?after=1")

        assert sequences(answer) == [2]
        assert answer.meta == {"next_after": 2, "has_more": False, "last": 2, "limit": 20}
        assert api.get(f"/events/{10**17}").status == 404

    def test_a_cursor_that_the_feed_has_not_come_to_is_refused(self, api):
        make_customers(3)

        answer = api.get("/events?after=4")

        assert (answer.status, answer.body["code"]) == (409, "cursor_ahead")
        assert "ends at 3" in answer.body["message"]

    @pytest.mark.parametrize(
        ("query", "name"),
        [
            ("after=-1", "after"),
            ("after=x", "after"),
            ("after=", "after"),
            (f"after={2**63}", "after"),
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("type=nonsense", "type"),
            ("type=invoice.*,", "type"),
            ("type=webhook.created", "type"),
            ("resource=webhook", "resource"),
            ("since=yesterday", "since"),
            ("page=1", "page"),
            ("sort=id", "sort"),
            ("after=1&after=2", "after"),
        ],
    )
    def test_what_makes_no_sense_is_refused_by_name(self, api, query, name):
        answer = api.get(f"/events?{query}")

        assert answer.status == 400
        assert list(answer.errors) == [name]


class TestFilters:
    @pytest.fixture(autouse=True)
    def history(self, api):
        self.invoice = make_invoice("100.00")
        make_ticket()
        number()

    def types(self, api, query: str) -> set[str]:
        return {event["type"] for event in api.get(f"/events?limit=100&{query}").data}

    def test_by_names_and_patterns_as_webhooks_take_them(self, api):
        assert self.types(api, "type=invoice.created") == {"invoice.created"}
        assert self.types(api, "type=invoice.*,ticket.created") == {
            "invoice.created",
            "invoice.issued",
            "ticket.created",
        }
        assert self.types(api, "type=*") == self.types(api, "since=2024-01-15T10:00:00Z")

    def test_by_resource_and_record(self, api):
        make_invoice("5.00")
        number()

        one = api.get(f"/events?resource=invoice&record_id={self.invoice.pk}").data

        assert {event["type"] for event in one} == {"invoice.created", "invoice.issued"}
        assert {event["record_id"] for event in one} == {self.invoice.pk}
        assert len(api.get("/events?resource=invoice").data) == 4

    def test_by_when_it_happened(self, api):
        early = Event.objects.get(type="ticket.created")
        Event.objects.filter(pk=early.pk).update(occurred_at="2024-01-15T10:00:00Z")

        assert self.types(api, "until=2024-01-15T10:00:01Z") == {"ticket.created"}
        assert self.types(api, "since=2024-01-15T10:00:00Z&until=2024-01-15T10:00:00Z") == set()
        assert "ticket.created" not in self.types(api, "since=2024-01-15T10:00:01Z")

    def test_what_fits_no_filter_is_looked_through_in_bounds(self, api, monkeypatch):
        make_customers(10)
        last = Event.objects.filter(sequence__isnull=False).count()
        monkeypatch.setattr(reading, "LOOKED_THROUGH", 4)

        answer = api.get("/events?type=ticket.closed")
        assert (answer.data, answer.meta["next_after"], answer.meta["has_more"]) == ([], 4, True)
        for _ in range(20):
            answer = api.get(f"/events?type=ticket.closed&after={answer.meta['next_after']}")
        assert (answer.meta["next_after"], answer.meta["has_more"]) == (last, False)

    def test_one_records_events_are_found_at_once_however_far_they_are(self, api, monkeypatch):
        make_customers(10)
        customer = make_customer()
        number()
        monkeypatch.setattr(reading, "LOOKED_THROUGH", 4)

        answer = api.get(f"/events?resource=customer&record_id={customer.pk}")

        assert [event["record_id"] for event in answer.data] == [customer.pk]
        assert answer.meta["has_more"] is False


class TestOneEvent:
    def test_it_is_what_the_webhook_carries_byte_for_byte(self, api):
        make_invoice("1500.00")
        number()
        event = Event.objects.get(type="invoice.issued")

        answer = api.get(f"/events/{event.sequence}")

        carried = message_body(event)
        assert carried.split(b'"data":', 1)[1][:-1] in answer.raw
        assert b'"amount":1500.00' in answer.raw
        sent = json.loads(carried)
        assert {name: answer.data[name] for name in sent} == sent
        assert answer.data["record_id"] == event.object_id
        assert answer.data["record_version"] == event.object_version

    def test_it_says_who_did_it_and_in_the_course_of_what(self, api):
        created = api.post(
            "/customers",
            {"account": "Jane"},
            headers={"X-Request-ID": "import-17", "X-Causation-Depth": "1"},
        )
        number()

        event = api.get("/events?type=customer.created").data[0]

        assert event["record_id"] == created.data["id"]
        assert event["request_id"] == "import-17"
        assert event["causation_depth"] == 2
        assert event["actor"]["source"] == "api"
        assert set(event) == {
            *("sequence", "type", "timestamp", "data", "resource", "record_id"),
            *("record_version", "actor", "request_id", "causation_depth"),
        }
        assert set(event["actor"]) == {"name", "source"}

    def test_who_has_it_need_not_fetch_it_again(self, api):
        make_customers(1)
        etag = api.get("/events/1").headers["ETag"]

        assert api.get("/events/1", headers={"If-None-Match": etag}).status == 304
        assert api.get("/events/1", headers={"If-None-Match": '"1-0"'}).status == 200

    def test_only_the_fields_that_are_asked_for(self, api):
        make_customers(1)

        assert api.get("/events?fields=sequence,type").data == [
            {"sequence": 1, "type": "customer.created"}
        ]
        assert api.get("/events/1?fields=record_id").data.keys() == {"record_id"}

    def test_a_number_that_nobody_has_is_a_404(self, api):
        make_customers(1)

        assert api.get("/events/2").status == 404
        assert api.get(f"/events/{2**63}").status == 404

    def test_events_are_read_only(self, api):
        make_customers(1)

        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert api.request(method, "/events/1", body={}).status == 405
        assert api.post("/events", {}).status == 405


class TestWhoSeesWhat:
    def seen(self, role: str, *scopes: str) -> set[str]:
        """What an unfiltered look at everything shows to a key of this role and these scopes."""
        client = ApiClient(make_key(role=role, scopes=scopes)[1])
        number()
        shown = client.get("/events?limit=100").data
        more = client.get(f"/events?limit=100&after={shown[-1]['sequence']}").data if shown else []
        return {event["type"] for event in shown + more}

    @pytest.fixture(autouse=True)
    def history(self):
        make_invoice("100.00")
        make_ticket()
        make_user()
        make_endpoint()

    def test_a_role_sees_what_it_may_read(self):
        about_invoices = {"invoice.created", "invoice.issued"}
        assert self.seen(Role.ADMINISTRATOR) >= about_invoices | {"ticket.created", "user.created"}
        assert not {name for name in self.seen(Role.VIEWER) if name.startswith("user.")}
        assert self.seen(Role.SUPPORT) >= about_invoices | {"ticket.created", "customer.created"}
        assert not {name for name in self.seen(Role.SUPPORT) if name.startswith("transaction.")}

    def test_scopes_cut_it_down(self):
        assert self.seen(Role.ADMINISTRATOR, "tickets:read") == {"ticket.created"}
        assert self.seen(Role.ADMINISTRATOR, "invoices:write") == {
            "invoice.created",
            "invoice.issued",
        }
        assert self.seen(Role.ADMINISTRATOR, "reports:read") == set()
        assert self.seen(Role.VIEWER, "users:read") == set()

    def test_what_is_for_the_audit_alone_is_seen_by_nobody(self):
        private = {each.name for each in event_types() if not each.public}

        assert not private & self.seen(Role.ADMINISTRATOR)
        hidden = Event.objects.get(type="webhook.created")
        administrator = ApiClient(make_key(role=Role.ADMINISTRATOR)[1])
        assert hidden.sequence
        assert administrator.get(f"/events/{hidden.sequence}").status == 404

    def test_one_event_is_hidden_like_all_of_its_kind(self):
        number()
        event = Event.objects.filter(type="user.created").latest("sequence")
        viewer = ApiClient(make_key(role=Role.VIEWER)[1])

        assert viewer.get(f"/events/{event.sequence}").status == 404

    @pytest.mark.parametrize("query", ["type=user.*", "type=user.created", "resource=user"])
    def test_who_asks_only_for_what_it_may_not_read_is_told_so(self, query):
        viewer = ApiClient(make_key(role=Role.VIEWER)[1])

        answer = viewer.get(f"/events?{query}")

        assert (answer.status, answer.body["message"]) == (403, "This key may not read users.")

    def test_the_cursor_moves_past_what_is_hidden(self):
        support = ApiClient(make_key(role=Role.SUPPORT, scopes=("departments:read",))[1])
        number()
        last = Event.objects.order_by("sequence").last()

        answer = support.get("/events")

        assert last
        assert (answer.data, answer.meta["next_after"]) == ([], last.sequence)

    @pytest.mark.parametrize("scope", ["", "users:read"])
    @pytest.mark.parametrize("role", Role.values)
    def test_a_key_sees_the_events_of_what_it_can_get_and_of_nothing_else(self, role, scope):
        one = Event.objects.first()
        for event_type in event_types():
            one.pk = one.sequence = None
            one.type, one.resource = event_type.name, event_type.subject
            one.save(force_insert=True)

        seen = {name.partition(".")[0] for name in self.seen(role, *scope.split())}

        client = ApiClient(make_key(role=role, scopes=tuple(scope.split()))[1])
        statuses = {
            subject: client.get(f"/{resource}").status
            for subject, resource in {(t.subject, t.readable_with) for t in event_types()}
        }
        assert set(statuses.values()) <= {200, 403, 404}
        public = {event_type.subject for event_type in event_types() if event_type.public}
        assert seen == {name for name, status in statuses.items() if status == 200} & public

    def test_every_public_event_belongs_to_a_resource_of_the_table_of_roles(self):
        assert {each.readable_with for each in event_types() if each.public} <= RESOURCES


@pytest.mark.parametrize("rows", [20, 100])
def test_a_page_costs_as_many_queries_whatever_its_size(api, rows):
    make_customers(100)

    with CaptureQueriesContext(connection) as queries:
        assert len(api.get(f"/events?limit={rows}&type=customer.*").data) == rows

    about_events = [each for each in queries.captured_queries if "events_event" in each["sql"]]
    assert len(about_events) == 1
    assert len(queries) <= 5


def test_the_signature_of_a_key_and_secrets_are_in_no_event(api):
    """What would be worth stealing never leaves: those events are not public."""
    endpoint = make_endpoint()
    _, text = make_key(make_user())
    number()

    shown = api.get("/events?limit=100").raw.decode()

    assert endpoint.secret not in shown
    assert text.rpartition("_")[2] not in shown
    assert SYSTEM.name in shown
