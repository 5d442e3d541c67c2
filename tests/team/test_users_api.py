"""/users: administrators manage who works here, and no password ever comes back."""

import logging

import pytest
from django.contrib.auth.hashers import make_password
from django.db.utils import IntegrityError

from bizsuite.api.models import IdempotentAnswer
from bizsuite.crypto import decrypt
from bizsuite.events.models import Event
from bizsuite.identity.models import ApiKey, User
from bizsuite.identity.roles import Role
from tests.api_client import ApiClient
from tests.backoffice.staff import staff_client
from tests.concurrency import at_once
from tests.factories import PASSWORD, make_key, make_ticket, make_user

pytestmark = pytest.mark.django_db

BEN = {"name": "Ben Okafor", "email": "ben@example.com", "password": PASSWORD, "role": "sales"}
NEW_PASSWORD = "another " + PASSWORD


def own_user(api: ApiClient) -> User:
    return ApiKey.objects.get(public_id=api.key.split("_")[2]).user


def user_events() -> list[str]:
    return list(
        Event.objects.filter(resource="user").order_by("id").values_list("type", flat=True)[1:]
    )


class TestCreating:
    def test_shows_all_but_the_password(self, api):
        answer = api.post("/users", BEN | {"external_id": "hr-7", "metadata": {"desk": "4"}})

        assert answer.status == 201
        assert list(answer.data) == [
            "id", "name", "email", "role", "active", "external_id", "metadata",
            "created_at", "updated_at",
        ]  # fmt: skip
        assert answer.data["active"] is True
        assert api.get(f"/users/{answer.data['id']}").data == answer.data
        assert user_events() == ["user.created"]

    def test_the_user_can_sign_in(self, api):
        api.post("/users", BEN)

        user = User.objects.get(email="ben@example.com")
        assert user.check_password(PASSWORD)

    def test_the_password_is_hashed_before_the_transaction_opens(self, api, monkeypatch):
        """Hashing inside it would hold SQLite's only write lock for a tenth of a second."""
        monkeypatch.setattr("bizsuite.team.users.make_password", None)

        assert api.post("/users", BEN).status == 201

    @pytest.mark.parametrize(
        ("change", "errors"),
        [
            ({"password": "short"}, ["password"]),
            ({"password": "password123"}, ["password"]),
            ({"password": "9182736450123"}, ["password"]),
            ({"password": "ben@example.com"}, ["password"]),
            ({"password": ""}, ["password"]),
            ({"password": "x" * 257}, ["password"]),
            ({"password": 5}, ["password"]),
            ({"email": "nonsense"}, ["email"]),
            ({"email": None}, ["email"]),
            ({"role": "owner"}, ["role"]),
            ({"role": "Administrator"}, ["role"]),
            ({"name": " "}, ["name"]),
            ({"is_superuser": True}, ["is_superuser"]),
            ({"last_login": None}, ["last_login"]),
        ],
    )
    def test_what_is_wrong_is_named_and_nobody_is_added(self, api, change, errors):
        before = User.objects.count()

        assert list(api.post("/users", BEN | change).errors) == errors
        assert User.objects.count() == before
        assert user_events() == []

    @pytest.mark.parametrize("missing", list(BEN))
    def test_all_four_are_needed(self, api, missing):
        body = {name: value for name, value in BEN.items() if name != missing}

        assert api.post("/users", body).errors == {missing: "This field is required"}

    def test_an_address_is_one_whatever_its_case(self, api):
        first = api.post("/users", BEN | {"email": "Ben@Example.COM "})
        second = api.post("/users", BEN | {"email": "bEN@example.com"})

        assert first.data["email"] == "Ben@example.com"
        assert second.errors == {"email": "A user with this e-mail address already exists"}

    @pytest.mark.django_db(transaction=True, serialized_rollback=True)
    def test_two_at_once_with_one_address_make_one_user(self, api):
        answers = at_once([lambda: api.post("/users", BEN)] * 2)

        assert sorted(answer.status for answer in answers) in ([201, 400], [201, 409])
        assert User.objects.filter(email="ben@example.com").count() == 1


class TestPasswordsStaySecret:
    def test_in_answers_events_logs_and_kept_answers(self, api, caplog):
        with caplog.at_level(logging.DEBUG):
            key = {"Idempotency-Key": "hire-ben"}
            created = api.post("/users", BEN, headers=key)
            replayed = api.post("/users", BEN, headers=key)
            changed = api.patch(f"/users/{created.data['id']}", {"password": NEW_PASSWORD})
            refused = api.patch(f"/users/{created.data['id']}", {"password": "hunter2"})

        hashes = {each.password for each in User.objects.all()}
        kept = IdempotentAnswer.objects.get()
        texts = [each.raw.decode() for each in (created, replayed, changed, refused)]
        texts += [event.payload for event in Event.objects.all()]
        texts += [decrypt(kept.encrypted_body), str(kept.headers), caplog.text]
        assert replayed.headers["Idempotent-Replayed"] == "true"
        for secret in (PASSWORD, NEW_PASSWORD, "hunter2", *hashes):
            assert not [text for text in texts if secret in text]

    def test_what_a_repeat_is_known_by_does_not_let_a_password_be_guessed(self, api, settings):
        fingerprints = set()
        for pepper in ("one", "two"):
            settings.API_KEY_PEPPER = pepper
            client = ApiClient(make_key(own_user(api) if not fingerprints else None)[1])
            client.post(
                "/users",
                BEN | {"email": f"{pepper}@example.com"},
                headers={"Idempotency-Key": pepper},
            )
            kept = IdempotentAnswer.objects.get(key=pepper)
            fingerprints.add(kept.fingerprint)
        assert len(fingerprints) == 2


class TestChanging:
    def test_what_was_read_can_be_put_back(self, api):
        user = make_user(role=Role.VIEWER)
        shown = api.get(f"/users/{user.pk}").data

        answer = api.put(f"/users/{user.pk}", shown | {"name": "Renamed"})

        assert answer.data | {"updated_at": 0} == shown | {"name": "Renamed", "updated_at": 0}
        assert user_events()[-1] == "user.updated"

    def test_what_is_the_same_changes_nothing(self, api):
        user = make_user(role=Role.VIEWER)
        shown = api.get(f"/users/{user.pk}")

        again = api.put(f"/users/{user.pk}", shown.data)

        assert again.headers["ETag"] == shown.headers["ETag"]
        assert "user.updated" not in user_events()

    def test_a_role_holds_from_the_next_request_on_for_programs_and_people(self, api):
        user = make_user(role=Role.ACCOUNTANT)
        program, person = ApiClient(make_key(user)[1]), staff_client(user)
        assert program.get("/accounts").status == 200
        assert person.get("/admin/billing/account/").status_code == 200

        assert api.patch(f"/users/{user.pk}", {"role": "sales"}).status == 200

        assert program.get("/accounts").status == 403
        assert person.get("/admin/billing/account/").status_code == 403

    def test_who_is_deactivated_is_out_at_once(self, api):
        user = make_user(role=Role.ACCOUNTANT)
        program, person = ApiClient(make_key(user)[1]), staff_client(user)

        assert api.patch(f"/users/{user.pk}", {"active": False}).data["active"] is False

        assert program.get("/accounts").status == 401
        assert person.get("/admin/").status_code == 302

    def test_a_new_password_ends_the_sessions(self, api):
        user = make_user(role=Role.ACCOUNTANT)
        person = staff_client(user)
        assert person.get("/admin/").status_code == 200

        api.patch(f"/users/{user.pk}", {"password": NEW_PASSWORD})

        assert person.get("/admin/").status_code == 302
        assert User.objects.get(pk=user.pk).check_password(NEW_PASSWORD)

    def test_a_password_like_the_new_name_is_refused(self, api):
        user = make_user(role=Role.VIEWER)
        before = User.objects.get(pk=user.pk).password

        answer = api.patch(f"/users/{user.pk}", {"name": "Zaphod Beeble", "password": "zaphodbe"})

        assert list(answer.errors) == ["password"]
        assert User.objects.get(pk=user.pk).password == before

    def test_a_stale_change_is_refused(self, api):
        user = make_user(role=Role.VIEWER)
        tag = {"If-Match": api.get(f"/users/{user.pk}").headers["ETag"]}
        api.patch(f"/users/{user.pk}", {"name": "First"})

        assert api.patch(f"/users/{user.pk}", {"name": "Second"}, headers=tag).status == 412

    @pytest.mark.django_db(transaction=True, serialized_rollback=True)
    def test_several_at_once_do_not_lock_each_other_out(self, api):
        """PostgreSQL would end one of two that wait for each other."""
        ids = [make_user().pk for _ in range(3)]

        def rename(pk, headers):
            return api.patch(f"/users/{pk}", {"name": "Renamed"}, headers=headers).status

        statuses = at_once(
            [
                lambda pk=pk, headers=headers: rename(pk, headers)
                for pk in ids
                for headers in ({"If-Match": "*"}, {})
            ]
        )

        assert statuses == [200] * 6
        assert user_events().count("user.updated") == 3


class TestTheLastAdministrator:
    @pytest.mark.parametrize("change", [{"role": "viewer"}, {"active": False}])
    def test_stays_one(self, api, change):
        pk = own_user(api).pk

        answer = api.patch(f"/users/{pk}", change)

        assert answer.status == 409
        assert answer.body["code"] in ("last_administrator", "own_account")
        assert api.get(f"/users/{pk}").data | change != api.get(f"/users/{pk}").data

    def test_nobody_removes_or_deactivates_themselves(self, api):
        make_user()
        pk = own_user(api).pk

        answers = [api.delete(f"/users/{pk}"), api.patch(f"/users/{pk}", {"active": False})]

        assert [(each.status, each.body["code"]) for each in answers] == [(409, "own_account")] * 2
        assert api.get(f"/users/{pk}").data["active"] is True

    @pytest.mark.django_db(transaction=True, serialized_rollback=True)
    @pytest.mark.parametrize("others", [0, 1])
    def test_of_two_who_demote_each_other_at_once_one_wins(self, client_with, others):
        """Even where a third would remain: the loser is no administrator any more."""
        clients = [client_with(), client_with()]
        ids = [own_user(client).pk for client in clients]
        for _ in range(others):
            make_user()

        answers = at_once(
            [
                lambda: clients[0].patch(f"/users/{ids[1]}", {"role": "viewer"}),
                lambda: clients[1].patch(f"/users/{ids[0]}", {"role": "viewer"}),
            ]
        )

        assert sorted(answer.status for answer in answers) == [200, 403]
        roles = User.objects.filter(pk__in=ids).values_list("role", flat=True)
        assert sorted(roles) == ["administrator", "viewer"]

    @pytest.mark.django_db(transaction=True, serialized_rollback=True)
    def test_of_two_who_remove_each_other_at_once_one_stays(self, client_with):
        clients = [client_with(), client_with()]
        ids = [own_user(client).pk for client in clients]

        answers = at_once(
            [
                lambda: clients[0].delete(f"/users/{ids[1]}"),
                lambda: clients[1].delete(f"/users/{ids[0]}"),
            ]
        )

        assert sorted(answer.status for answer in answers) == [200, 403]
        assert User.objects.filter(pk__in=ids).count() == 1


class TestAKeyWithScopes:
    """It would get around them by making an administrator, or by becoming one."""

    @pytest.fixture
    def scoped(self, api, client_with):
        return client_with(scopes=("users:write",))

    def test_manages_everybody_else(self, scoped):
        created = scoped.post("/users", BEN)
        pk = created.data["id"]

        assert created.status == 201
        assert scoped.patch(f"/users/{pk}", {"role": "support"}).status == 200
        assert scoped.delete(f"/users/{pk}").status == 200

    def test_removes_somebody_together_with_their_keys(self, scoped):
        key, text = make_key(make_user(role=Role.VIEWER))

        assert scoped.delete(f"/users/{key.user_id}").status == 200
        assert ApiClient(text).get("/customers").status == 401
        assert Event.objects.filter(type="api_key.revoked").count() == 1

    def test_makes_no_administrator(self, scoped):
        pk = make_user(role=Role.VIEWER).pk

        answers = [
            scoped.post("/users", BEN | {"role": "administrator"}),
            scoped.patch(f"/users/{pk}", {"role": "administrator"}),
        ]

        assert [answer.status for answer in answers] == [403, 403]
        assert not User.objects.filter(email="ben@example.com").exists()
        assert User.objects.get(pk=pk).role == Role.VIEWER

    @pytest.mark.parametrize(
        "change", [{"password": NEW_PASSWORD}, {"email": "mine@example.com"}, {"role": "viewer"}]
    )
    def test_touches_no_administrator(self, scoped, change):
        before = make_user()

        assert scoped.patch(f"/users/{before.pk}", change).status == 403
        assert scoped.delete(f"/users/{before.pk}").status == 403
        after = User.objects.get(pk=before.pk)
        assert (after.email, after.role, after.password) == (
            before.email, before.role, before.password,
        )  # fmt: skip

    def test_only_reads_where_it_may_only_read(self, client_with):
        reader = client_with(scopes=("users:read",))

        assert reader.get("/users").status == 200
        assert reader.post("/users", BEN).status == 403


class TestDeleting:
    def test_removes_a_user_and_their_keys(self, api):
        key, text = make_key(make_user(role=Role.VIEWER, name="Bo"))

        answer = api.delete(f"/users/{key.user_id}")

        assert answer.body == {"success": True, "message": "User deleted"}
        assert api.get(f"/users/{key.user_id}").status == 404
        assert ApiClient(text).get("/customers").status == 401
        assert user_events()[-1] == "user.deleted"
        assert '"Bo"' in Event.objects.get(type="user.deleted").payload

    def test_who_is_named_by_records_is_deactivated_instead(self, api):
        key, text = make_key(make_user(role=Role.SUPPORT, name="Bo"))
        ticket = make_ticket(assignee=key.user)

        answer = api.delete(f"/users/{key.user_id}")

        assert answer.body == {"success": True, "message": "User deactivated"}
        assert api.get(f"/users/{key.user_id}").data["active"] is False
        assert api.get(f"/tickets/{ticket.pk}").data["assignee_id"] == key.user_id
        assert ApiClient(text).get("/customers").status == 401
        assert user_events()[-1] == "user.updated"
        assert "user.deleted" not in user_events()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("search=ÄRGER", ["Bo Ärger"]),
        ("search=cleo@", ["Cleo"]),
        ("email=CLEO@example.com", ["Cleo"]),
        ("role=sales", ["Bo Ärger"]),
        ("role=Viewer&active=false", []),
        ("sort=-email&role=viewer", ["Cleo"]),
    ],
)
def test_users_are_found(api, query, found):
    make_user(name="Bo Ärger", role=Role.SALES)
    make_user(name="Cleo", email="cleo@example.com", role=Role.VIEWER)

    assert [row["name"] for row in api.get(f"/users?{query}").data] == found


def test_one_address_in_two_cases_is_refused_by_the_database_too():
    make_user(email="ada@example.com")

    with pytest.raises(IntegrityError):
        User.objects.create(
            email="ADA@example.com", name="A", role="viewer", password=make_password(None)
        )
