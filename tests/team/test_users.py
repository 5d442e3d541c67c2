"""Adding people, changing what they may do, and the one who must always be left."""

import pytest

from bizsuite.errors import Forbidden, Invalid, NotFound
from bizsuite.events.models import Event
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import ApiKey, User
from bizsuite.identity.roles import Role
from bizsuite.team import users
from bizsuite.team.users import LastAdministrator
from tests.concurrency import at_once
from tests.factories import PASSWORD, SYSTEM, make_key, make_user

pytestmark = pytest.mark.django_db


def actor_for(user: User) -> Actor:
    return Actor(name=user.name, role=user.role, source="admin", user_id=user.pk)


def event_names() -> list[str]:
    return list(Event.objects.order_by("id").values_list("type", flat=True))


class TestAdding:
    def test_a_user_can_sign_in_and_is_recorded(self):
        user = users.create_user(
            email=" ada@example.com ", name=" Ada ", password=PASSWORD, role="sales", actor=SYSTEM
        )

        assert (user.email, user.name, user.role) == ("ada@example.com", "Ada", "sales")
        assert user.check_password(PASSWORD)
        assert event_names() == ["user.created"]

    def test_the_audit_trail_holds_nothing_of_the_password(self):
        user = make_user()

        payload = Event.objects.get().payload
        assert PASSWORD not in payload
        assert user.password not in payload
        assert "password" not in payload

    @pytest.mark.parametrize(
        ("wrong", "error"),
        [
            ({"email": "nonsense"}, {"email": "Invalid email format"}),
            (
                {"email": "ADA@example.com"},
                {"email": "A user with this e-mail address already exists"},
            ),
            ({"name": "  "}, {"name": "This field is required"}),
            ({"role": "owner"}, None),
            ({"password": "short"}, None),
            ({"password": "12345678901"}, None),
            ({"password": "password1"}, None),
        ],
    )
    def test_what_is_wrong_is_named_and_nobody_is_added(self, wrong, error):
        make_user(email="ada@example.com")
        fields = {"email": "b@example.com", "name": "B", "password": PASSWORD, "role": "viewer"}

        with pytest.raises(Invalid) as refusal:
            users.create_user(**(fields | wrong), actor=SYSTEM)

        assert list(refusal.value.errors) == list(wrong)
        assert error is None or refusal.value.errors == error
        assert User.objects.count() == 1
        assert event_names() == ["user.created"]

    @pytest.mark.parametrize("role", [Role.ACCOUNTANT, Role.SALES, Role.SUPPORT, Role.VIEWER])
    def test_only_administrators_manage_users(self, role):
        other = make_user(role=role)
        actor = actor_for(other)
        fields = {"email": "b@example.com", "name": "B", "password": PASSWORD, "role": "viewer"}

        for act in (
            lambda: users.create_user(**fields, actor=actor),
            lambda: users.update_user(other, role=Role.ADMINISTRATOR, actor=actor),
            lambda: users.delete_user(other, actor=actor),
            lambda: users.set_password(make_user(), password="another " + PASSWORD, actor=actor),
        ):
            with pytest.raises(Forbidden):
                act()
        assert User.objects.get(pk=other.pk).role == role
        assert not User.objects.filter(email="b@example.com").exists()


class TestTheLastAdministrator:
    @pytest.fixture
    def last(self):
        make_user(role=Role.ACCOUNTANT)
        return make_user(role=Role.ADMINISTRATOR)

    @pytest.mark.parametrize("change", [{"role": Role.VIEWER}, {"is_active": False}])
    def test_is_neither_demoted_nor_disabled(self, last, change):
        with pytest.raises(LastAdministrator):
            users.update_user(last, actor=SYSTEM, **change)

        kept = User.objects.get(pk=last.pk)
        assert (kept.role, kept.is_active) == (Role.ADMINISTRATOR, True)

    def test_is_not_removed(self, last):
        with pytest.raises(LastAdministrator):
            users.delete_user(last, actor=SYSTEM)

        assert User.objects.filter(pk=last.pk).exists()

    def test_a_disabled_one_does_not_count(self, last):
        disabled = make_user(role=Role.ADMINISTRATOR)
        users.update_user(disabled, is_active=False, actor=SYSTEM)

        with pytest.raises(LastAdministrator):
            users.update_user(last, role=Role.VIEWER, actor=SYSTEM)

    def test_one_of_two_may_go(self, last):
        make_user(role=Role.ADMINISTRATOR)

        users.delete_user(last, actor=SYSTEM)

        assert User.objects.filter(role=Role.ADMINISTRATOR).count() == 1

    @pytest.mark.django_db(transaction=True, serialized_rollback=True)
    def test_two_who_demote_each_other_at_once_do_not_both_succeed(self):
        first, second = make_user(), make_user()

        def demote(user: User, actor: Actor) -> bool:
            try:
                users.update_user(user, role=Role.VIEWER, actor=actor)
            except (LastAdministrator, Forbidden):
                return False
            return True

        by_first, by_second = actor_for(first), actor_for(second)
        done = at_once([lambda: demote(first, by_second), lambda: demote(second, by_first)])

        assert sorted(done) == [False, True]
        assert User.objects.filter(role=Role.ADMINISTRATOR).count() == 1


class TestChanging:
    def test_a_change_is_recorded_with_its_version(self):
        make_user()
        user = make_user(role=Role.VIEWER)

        users.update_user(user, role=Role.SALES, actor=SYSTEM)

        assert (user.role, user.version) == (Role.SALES, 2)
        event = Event.objects.get(type="user.updated")
        assert (event.object_id, event.object_version) == (user.pk, 2)

    def test_an_address_taken_by_another_is_refused(self):
        make_user(email="ada@example.com")
        user = make_user(email="bob@example.com")

        with pytest.raises(Invalid):
            users.update_user(user, email="ada@EXAMPLE.com", actor=SYSTEM)
        assert User.objects.get(pk=user.pk).email == "bob@example.com"

    def test_everybody_may_change_their_own_password(self):
        user = make_user(role=Role.VIEWER)

        users.set_password(user, password="another " + PASSWORD, actor=actor_for(user))

        assert User.objects.get(pk=user.pk).check_password("another " + PASSWORD)

    def test_a_weak_password_is_refused(self):
        user = make_user()

        with pytest.raises(Invalid):
            users.set_password(user, password="12345678", actor=SYSTEM)
        assert User.objects.get(pk=user.pk).check_password(PASSWORD)

    def test_removing_a_user_removes_their_keys(self):
        make_user()
        key, _ = make_key()

        users.delete_user(key.user, actor=SYSTEM)

        assert not ApiKey.objects.exists()
        assert event_names()[-1] == "user.deleted"
        with pytest.raises(NotFound):
            users.delete_user(User(pk=key.user_id), actor=SYSTEM)


def test_the_keys_of_a_removed_user_are_revoked_in_sight_of_the_audit_log():
    make_user()
    key, _ = make_key(make_user(name="Bo"))

    users.delete_user(key.user, actor=SYSTEM)

    types = list(Event.objects.order_by("-id").values_list("type", flat=True)[:2])
    assert types == ["user.deleted", "api_key.revoked"]


@pytest.mark.parametrize(("field", "value"), [("name", "x" * 151), ("email", f"{'x' * 250}@a.io")])
def test_what_the_columns_cannot_hold_is_refused(field, value):
    with pytest.raises(Invalid) as refusal:
        make_user(**{field: value})
    assert field in refusal.value.errors
