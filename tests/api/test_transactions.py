"""Reads take no lock, writes are whole, and no client is told 500 about something saved."""

import sqlite3

import pytest
from django.db import DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from bizsuite.events.models import Event
from customers.models import Customer
from tests.factories import make_customer

pytestmark = [
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.urls("tests.api.urls"),
]

only_sqlite = pytest.mark.skipif(
    "connection.vendor != 'sqlite'", reason="On PostgreSQL readers and writers never wait."
)


@pytest.fixture
def late_constraint():
    """A table whose foreign key is checked at COMMIT."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE tests_late (parent_id bigint NOT NULL"
            " REFERENCES customers_customer (id) DEFERRABLE INITIALLY DEFERRED)"
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE tests_late")


def test_a_constraint_that_fails_at_commit_is_a_409_and_leaves_nothing(api, late_constraint):
    response = api.post("/uncommittable", {})

    assert (response.status, response.body["code"]) == (409, "conflict")
    assert not Customer.objects.exists()
    assert not Event.objects.filter(type="customer.created").exists()


def test_a_commit_that_fails_is_an_error_and_leaves_nothing(api, monkeypatch):
    def fail(self):
        raise DatabaseError("disk I/O error")

    with monkeypatch.context() as patched:
        patched.setattr(BaseDatabaseWrapper, "commit", fail)
        response = api.post("/customers", {"account": "Jane"})

    assert (response.status, response.body["code"]) == (500, "server_error")
    assert b"disk" not in response.raw
    assert not Customer.objects.exists()
    assert api.post("/customers", {"account": "Joan"}).status == 201  # the connection is fine


def test_an_answer_that_cannot_be_rendered_rolls_back(api):
    assert api.post("/unrenderable", {}).status == 500
    assert not Customer.objects.exists()


def test_a_write_runs_in_a_transaction_and_a_read_does_not(api):
    assert api.get("/in-transaction").data == {"in_transaction": False}
    assert api.post("/in-transaction", {}).data == {"in_transaction": True}


@only_sqlite
def test_reads_are_answered_while_somebody_writes(api):
    customer = make_customer(account="Jane")
    writer = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE customers_customer SET account = 'Joan'")
    try:
        for path in ("/customers", f"/customers/{customer.pk}", "/", "/nothing"):
            assert api.get(path).status in (200, 404)
        assert api.get(f"/customers/{customer.pk}").data["account"] == "Jane"
    finally:
        writer.rollback()
        writer.close()


@only_sqlite
def test_a_read_takes_no_write_lock(api):
    customer = make_customer()
    with connection.execute_wrapper(refuse_writing):
        assert api.get("/customers").status == 200
        assert api.get(f"/customers/{customer.pk}").status == 200


def refuse_writing(execute, sql, params, many, context):
    assert sql.startswith("SELECT"), sql
    return execute(sql, params, many, context)
