import datetime

import pytest
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from bizsuite.identity.models import Organisation, User, organisation
from bizsuite.identity.roles import Role
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db


class TestUsers:
    def test_an_address_belongs_to_one_user_whatever_its_case(self):
        make_user(email="ada@example.com")

        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create(email="ADA@example.com", name="Other", role=Role.VIEWER)

    def test_a_role_is_one_of_those_there_are(self):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create(email="x@example.com", name="X", role="owner")

    def test_only_administrators_have_all_permissions(self):
        assert make_user(role=Role.ADMINISTRATOR).is_superuser
        for role in (Role.ACCOUNTANT, Role.SALES, Role.SUPPORT, Role.VIEWER):
            user = make_user(role=role)
            assert user.is_staff
            assert not user.is_superuser
            assert not user.has_perm("identity.change_user")

    def test_a_disabled_user_may_nothing(self):
        user = make_user(role=Role.ADMINISTRATOR)
        user.is_active = False

        assert not user.is_staff
        assert not user.is_superuser
        assert not user.may("read", "customers")


class TestSigningIn:
    def test_the_address_is_taken_in_any_case(self):
        user = make_user(email="Ada@example.com")

        assert authenticate(username="aDA@EXAMPLE.com", password=PASSWORD) == user

    @pytest.mark.parametrize(
        ("username", "password"),
        [("ada@example.com", "wrong"), ("eve@example.com", PASSWORD), ("", ""), ("%", PASSWORD)],
    )
    def test_anything_else_is_refused(self, username, password):
        make_user(email="ada@example.com")

        assert authenticate(username=username, password=password) is None

    def test_a_disabled_user_is_refused(self):
        user = make_user(email="ada@example.com")
        User.objects.filter(pk=user.pk).change(is_active=False)

        assert authenticate(username="ada@example.com", password=PASSWORD) is None


class TestOrganisation:
    def test_there_is_one(self):
        assert organisation() == organisation()
        with pytest.raises(IntegrityError), transaction.atomic():
            Organisation.objects.create(pk=2)

    @pytest.mark.parametrize(
        ("zone", "today"),
        [
            ("UTC", datetime.date(2024, 1, 15)),
            ("Pacific/Auckland", datetime.date(2024, 1, 16)),
            ("America/New_York", datetime.date(2024, 1, 15)),
        ],
    )
    def test_its_day_is_its_time_zones(self, zone, today):
        late = datetime.datetime(2024, 1, 15, 23, 30, tzinfo=datetime.UTC)

        assert Organisation(timezone=zone).today(late) == today

    @pytest.mark.parametrize(
        ("name", "value"), [("currency", "EURO"), ("currency", "XXX"), ("timezone", "Mars/Olympus")]
    )
    def test_its_currency_and_time_zone_exist(self, name, value):
        with pytest.raises(ValidationError) as refusal:
            Organisation(**{name: value}).clean_fields()
        assert list(refusal.value.message_dict) == [name]
