"""Rows of the API carry a version, and nothing writes past it."""

import io

import pytest
from django.apps import apps
from django.core.management import call_command

from bizsuite.records import Record, RecordQuerySet

RECORDS = [model for model in apps.get_models() if issubclass(model, Record)]


def test_the_configuration_is_sound():
    call_command("check", fail_level="WARNING", stderr=io.StringIO())


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, stdout=io.StringIO())


@pytest.mark.parametrize("model", RECORDS, ids=lambda model: model.__name__)
class TestEveryRecord:
    def test_is_changed_with_its_version_or_not_at_all(self, model):
        rows = model._default_manager.all()

        assert isinstance(rows, RecordQuerySet)
        with pytest.raises(TypeError, match=r"Use change\(\)"):
            rows.update(external_id="x")
        with pytest.raises(TypeError, match=r"Use change\(\)"):
            model._default_manager.update(external_id="x")

    def test_has_an_external_id_that_is_unique(self, model):
        assert model._meta.get_field("external_id").unique
