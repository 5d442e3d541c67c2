"""An installation from before events were sealed migrates with all it has."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from bizsuite.events.models import Event, RelayState
from tests.events.trail import findings, grow_old, happen, numbered, verify
from tests.factories import make_customer


def migrate(*targets: tuple[str, str]) -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(list(targets) or executor.loader.graph.leaf_nodes())


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_an_older_installation_goes_on_with_its_events():
    happen(4)
    make_customer()
    grow_old()
    hashes = [event.chain_sha256 for event in numbered()]
    try:
        migrate(("events", "0001_initial"))
    finally:
        migrate()

    assert [event.chain_sha256 for event in numbered()] == hashes
    assert RelayState.objects.get().sealed_from == 5
    assert Event.objects.get(sequence=None).seal is not None
    happen(1)
    assert (findings(), verify().events) == ([], 6)
