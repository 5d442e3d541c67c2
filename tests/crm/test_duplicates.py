"""Likely duplicates: what counts as the same, and what the API says of it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bizsuite.events.models import Event
from bizsuite.exact_json import decode
from bizsuite.identity.models import organisation
from bizsuite.team.profile import update_organisation
from crm.duplicates import MOST, possible_duplicates
from crm.leads import delete_lead
from crm.match_keys import email_key, name_key, phone_key, region_of
from crm.models import Lead
from tests.concurrency import at_once
from tests.factories import SYSTEM, make_lead, make_user

pytestmark = pytest.mark.django_db


def live_in(timezone: str) -> None:
    update_organisation(organisation(), timezone=timezone, actor=SYSTEM)


class TestKeys:
    @pytest.mark.parametrize(
        "written",
        ["john@example.com", "JOHN@Example.COM ", " John@example.com", "ｊohn@example.com"],
    )
    def test_an_address_is_the_same_whatever_its_case_and_spaces(self, written):
        assert email_key(written) == "john@example.com"

    @pytest.mark.parametrize(
        ("written", "region"),
        [
            ("+49 30 123456", None),
            ("+49 (0)30 123456", None),
            ("+49 (0)30 123456", "US"),
            ("0049-30-123456", "DE"),
            ("030 123456", "DE"),
            ("(030) 12 34-56", "DE"),
            ("ask for Ann: 030/123456", "DE"),
            ("030 123456 / 0170 5678901", "DE"),
            ("+49 30 123456 ext. 12", None),
        ],
    )
    def test_a_number_is_the_same_however_it_is_written(self, written, region):
        assert phone_key(written, region) == "+4930123456"

    @pytest.mark.parametrize("written", ["1234567890", "123-456 7890", "(123) 456.7890"])
    def test_without_a_country_its_digits_count(self, written):
        assert phone_key(written, None) == "1234567890"

    @pytest.mark.parametrize("written", ["", "n/a", "-", "12", "000", "99999", "ext. 5", "unknown"])
    @pytest.mark.parametrize("region", ["DE", None])
    def test_what_is_no_number_matches_nothing(self, written, region):
        assert phone_key(written, region) == ""

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (("John Smith", "Acme Corp"), ("JOHN  smith", "acme corp.")),
            (("Jürgen Groß", "Müller GmbH"), ("Juergen Gross", "MUELLER  GmbH")),
            (("Jürgen Groß", "Müller GmbH"), ("Jurgen Gross", "Muller GmbH")),
            (("Zoë", "Café Łódź"), ("Zoe", "Cafe Lodz")),
            (("", "Acme-Corp"), ("", "Acme Corp")),
        ],
    )
    def test_a_name_at_a_company_is_the_same(self, one, other):
        assert name_key(*one) == name_key(*other)

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (("John Smith", "Acme"), ("Jane Smith", "Acme")),
            (("John Smith", "Acme"), ("John Smith", "Apex")),
            (("John Smith", "Acme"), ("", "Acme")),
        ],
    )
    def test_another_person_or_company_is_another(self, one, other):
        assert name_key(*one) != name_key(*other)

    def test_a_persons_name_alone_is_too_common(self):
        assert name_key("John Smith", "") == ""
        assert name_key("John Smith", " .- ") == ""

    def test_no_text_outgrows_its_column(self):
        ligatures = "\ufdfa" * 200
        assert len(name_key(ligatures, ligatures)) <= 200
        assert len(email_key(ligatures)) <= 254
        assert len(phone_key("1" * 400, None)) <= 40

    def test_the_country_is_that_of_the_time_zone(self):
        assert [region_of(name) for name in ("Europe/Berlin", "America/New_York")] == ["DE", "US"]
        assert [region_of(name) for name in ("UTC", "Etc/UTC", "nowhere")] == [None] * 3


class TestCreating:
    def test_a_likely_duplicate_is_created_and_named(self, api):
        live_in("Europe/Berlin")
        by_email = make_lead(email="john@example.com")
        by_phone = make_lead(phone="+49 (0)30 123456")
        by_name = make_lead(first_name="Jürgen", company="Müller GmbH")
        make_lead(first_name="Jürgen", company="Somebody else")

        answer = api.post(
            "/leads",
            {
                "first_name": "Juergen",
                "company": "MUELLER GMBH",
                "email": "JOHN@Example.COM ",
                "phone": "030 123456",
            },
        )

        assert answer.status == 201
        same = [by_email.pk, by_phone.pk, by_name.pk]
        assert answer.data["possible_duplicates"] == same
        assert (answer.data["email"], answer.data["phone"]) == ("JOHN@Example.COM", "030 123456")
        event = Event.objects.get(type="lead.created", object_id=answer.data["id"])
        assert decode(event.payload.encode())["possible_duplicates"] == same

    def test_each_of_them_names_the_other_from_then_on(self, api):
        one, other = (make_lead(email="john@example.com") for _ in range(2))

        assert api.get(f"/leads/{one.pk}").data["possible_duplicates"] == [other.pk]
        assert [row["possible_duplicates"] for row in api.get("/leads").data] == [
            [other.pk],
            [one.pk],
        ]

    def test_a_lead_with_nothing_in_common_has_none(self, api):
        make_lead(first_name="Ann")

        assert api.post("/leads", {"first_name": "Ann"}).data["possible_duplicates"] == []

    def test_one_that_is_gone_is_not_named(self, api):
        gone = make_lead(email="john@example.com")
        delete_lead(gone, actor=SYSTEM)
        kept = make_lead(email="john@example.com")

        assert api.get(f"/leads/{kept.pk}").data["possible_duplicates"] == []

    def test_a_change_makes_and_ends_the_likeness(self, api):
        one, other = make_lead(email="john@example.com"), make_lead(email="ann@example.com")

        changed = api.patch(f"/leads/{other.pk}", {"email": "John@example.com"})
        assert changed.data["possible_duplicates"] == [one.pk]
        changed = api.patch(f"/leads/{other.pk}", {"email": None})
        assert changed.data["possible_duplicates"] == []

    def test_of_an_address_that_many_share_the_oldest_are_named(self):
        leads = [make_lead(email="info@example.com") for _ in range(MOST + 3)]

        found = possible_duplicates(leads)

        oldest = [lead.pk for lead in leads[: MOST + 1]]
        assert found[leads[-1].pk] == oldest[:MOST]
        assert found[leads[0].pk] == oldest[1:]

    def test_one_query_finds_them_all(self, django_assert_num_queries):
        leads = [make_lead(email=f"{n // 2}@example.com", company="A") for n in range(6)]

        with django_assert_num_queries(1):
            found = possible_duplicates(leads)

        assert all(len(found[lead.pk]) == 5 for lead in leads)

    @pytest.mark.parametrize("column", ["email_key", "phone_key", "name_key"])
    def test_looking_up_uses_an_index(self, column):
        Lead.objects.bulk_create(
            Lead(company=f"C{n}", email_key=f"e{n}", phone_key=f"p{n}", name_key=f"n{n}")
            for n in range(1000)
        )
        leads = [Lead(email_key="e", phone_key="p", name_key="n")]
        with CaptureQueriesContext(connection) as queries:
            possible_duplicates(leads)
        explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"

        with connection.cursor() as cursor:
            cursor.execute("ANALYZE crm_lead")
            cursor.execute(f"{explain} {queries[0]['sql']}")
            plan = " ".join(str(row) for row in cursor.fetchall())
        assert f"crm_lead_{column} " in plan


class TestRefusing:
    def test_it_is_refused_on_request_and_named(self, api):
        known = make_lead(email="john@example.com")

        answer = api.post(
            "/leads",
            {"first_name": "J", "email": "John@Example.com", "reject_duplicates": True},
        )

        assert (answer.status, answer.body["code"]) == (409, "duplicate_lead")
        assert answer.body["message"] == f"J is likely a duplicate of lead {known.pk}."
        assert Lead.objects.count() == 1
        assert Event.objects.filter(type="lead.created").count() == 1

    def test_what_is_new_is_created(self, api):
        body = {"first_name": "J", "email": "j@example.com", "reject_duplicates": True}

        answer = api.post("/leads", body)

        assert answer.status == 201
        assert "reject_duplicates" not in answer.data

    def test_a_change_can_be_refused_too(self, api):
        make_lead(email="john@example.com")
        other = make_lead(email="ann@example.com")

        answer = api.patch(
            f"/leads/{other.pk}", {"email": "john@example.com", "reject_duplicates": True}
        )

        assert answer.status == 409
        other.refresh_from_db()
        assert (other.email, other.version) == ("ann@example.com", 1)

    @pytest.mark.django_db(transaction=True, serialized_rollback=True)
    def test_of_two_at_the_same_moment_one_is_refused(self, api):
        body = {"first_name": "J", "email": "j@example.com", "reject_duplicates": True}

        answers = at_once([lambda: api.post("/leads", body)] * 4)

        assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]
        assert Lead.objects.count() == 1


class TestInABatch:
    def test_those_of_the_same_batch_are_found_too(self, api):
        known = make_lead(email="john@example.com")
        batch = {
            "leads": [
                {"first_name": "A", "email": "john@example.com"},
                {"first_name": "B", "email": "new@example.com"},
                {"first_name": "C", "email": "NEW@example.com"},
            ]
        }

        answer = api.post("/batch/leads", batch)

        assert answer.status == 201
        first, second, third = (row["id"] for row in answer.data)
        assert [row["possible_duplicates"] for row in answer.data] == [
            [known.pk],
            [third],
            [second],
        ]
        assert first not in answer.data[1]["possible_duplicates"]

    def test_one_refused_leaves_nothing_of_the_batch(self, api):
        lead = {"first_name": "B", "email": "new@example.com"}

        answer = api.post("/batch/leads", {"leads": [lead, lead | {"reject_duplicates": True}]})

        assert answer.status == 409
        assert (
            answer.body["message"]
            == "leads.1: B is likely a duplicate of another lead of this batch."
        )
        assert not Lead.objects.exists()
        assert not Event.objects.filter(type="lead.created").exists()

    def test_a_thousand_cost_few_queries(self, api, django_assert_max_num_queries):
        batch = {
            "leads": [
                {
                    "first_name": f"First {n}",
                    "company": f"Company {n}",
                    "email": f"{n // 2}@example.com",
                    "phone": f"+4930{n:06}",
                }
                for n in range(1000)
            ]
        }

        with django_assert_max_num_queries(90):
            answer = api.post("/batch/leads", batch)

        assert answer.status == 201
        ids = [row["id"] for row in answer.data]
        assert [row["possible_duplicates"] for row in answer.data] == [
            [ids[index ^ 1]] for index in range(1000)
        ]

    def test_more_of_them_cost_no_more_queries(self, api):
        owners = [make_user() for _ in range(3)]

        def cost(count: int, start: int) -> int:
            leads = [
                {"first_name": "A", "email": f"{n}@example.com", "owner_id": owners[n % 3].pk}
                for n in range(start, start + count)
            ]
            with CaptureQueriesContext(connection) as queries:
                assert api.post("/batch/leads", {"leads": leads}).status == 201
            return len(queries)

        cost(1, 0)  # what the first request of all has to look up
        assert cost(20, 100) == cost(5, 200)
