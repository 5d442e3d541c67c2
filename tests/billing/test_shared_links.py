"""Links under which customers see their documents: made once, found by their token, taken back."""

import datetime

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from billing import quotes, shared_links
from billing.link_addresses import PublicAddressMissing, token_hash, url_of
from billing.models import SharedLink
from billing.shared_links import LinkRevoked, NotShareable, link_by_token
from bizsuite.errors import Forbidden
from bizsuite.events.models import Event
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import organisation
from bizsuite.identity.roles import Role
from tests.billing.books import event_types, last_event_id
from tests.factories import (
    SYSTEM,
    make_customer,
    make_draft,
    make_invoice,
    make_link,
    make_quote,
)

pytestmark = pytest.mark.django_db

SALES = Actor(name="Sam", role=Role.SALES, source="api")


def token_of(link: SharedLink) -> str:
    return url_of(link).rsplit("/", 1)[1]


def share(document, *, actor=SYSTEM, now=None) -> str:
    return shared_links.share(document, actor=actor, now=now or timezone.now())


class TestSharing:
    def test_the_link_is_of_the_public_address_and_found_by_its_token(self, settings):
        settings.PUBLIC_URL = "https://books.example.com"
        invoice = make_invoice()
        before = last_event_id()

        url = share(invoice)

        assert url.startswith("https://books.example.com/d/")
        token = url.removeprefix("https://books.example.com/d/")
        assert len(token) == 32
        assert token.isalnum()
        link = link_by_token(token, now=timezone.now())
        assert link is not None
        assert (link.kind, link.document, link.customer) == ("Invoice", invoice, invoice.customer)
        assert event_types(after=before) == ["link.created"]

    def test_sharing_again_answers_the_same_link_and_says_nothing(self):
        customer = make_customer()
        first = share(customer)
        before = last_event_id()

        assert share(customer) == first
        assert SharedLink.objects.count() == 1
        assert event_types(after=before) == []

    def test_later_it_is_good_for_its_full_time_again(self):
        invoice, now = make_invoice(), timezone.now()
        url = share(invoice, now=now)
        before, end = last_event_id(), SharedLink.objects.get().expires_at

        assert share(invoice, now=now + datetime.timedelta(days=40)) == url

        assert SharedLink.objects.get().expires_at == end + datetime.timedelta(days=40)
        assert event_types(after=before) == ["link.updated"]

    def test_an_expired_link_makes_room_for_a_new_one(self):
        invoice, now = make_invoice(), timezone.now()
        url = share(invoice, now=now)
        later = now + datetime.timedelta(days=200)
        assert link_by_token(url.rsplit("/", 1)[1], now=later) is None
        before = last_event_id()

        assert share(invoice, now=later) != url

        assert event_types(after=before) == ["link.revoked", "link.created"]

    def test_a_quotes_link_outlives_its_last_day(self):
        last_day = organisation().today() + datetime.timedelta(days=400)
        quote = quotes.send_quote(make_quote(valid_until=last_day), actor=SYSTEM)

        link = make_link(quote)

        days = settings.LINK_DAYS
        assert link.expires_at == organisation().end_of(last_day + datetime.timedelta(days=days))

    def test_the_last_day_there_is_does_not_break_it(self):
        quote = quotes.send_quote(make_quote(valid_until=datetime.date.max), actor=SYSTEM)

        assert make_link(quote).expires_at.year == 9900

    def test_a_draft_is_never_shared(self):
        for draft in (make_draft(), make_quote()):
            with pytest.raises(NotShareable):
                share(draft)

        assert not SharedLink.objects.exists()

    def test_without_a_public_address_nothing_is_written(self, settings):
        settings.PUBLIC_URL = ""

        with pytest.raises(PublicAddressMissing, match="BIZSUITE_PUBLIC_URL"):
            share(make_invoice())

        assert not SharedLink.objects.exists()

    def test_nobody_shares_what_they_may_not_read(self):
        with pytest.raises(Forbidden):
            share(make_customer(), actor=SALES)

        assert not SharedLink.objects.exists()


class TestSecrecy:
    def test_the_database_keeps_the_token_hashed_and_encrypted_only(self):
        link = make_link()
        token = token_of(link)

        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM billing_sharedlink")
            row = repr(cursor.fetchall())

        assert token not in row
        assert token_hash(token) in row

    def test_no_event_tells_it(self):
        link = make_link()
        shared_links.revoke_link(link, actor=SYSTEM, now=timezone.now())

        payloads = Event.objects.filter(resource="link").values_list("payload", flat=True)
        assert len(payloads) == 2
        assert not any(token_of(link) in payload for payload in payloads)


class TestRevoking:
    def test_it_shows_nothing_from_then_on_and_the_next_is_another(self):
        link = make_link()
        token = token_of(link)
        before = last_event_id()

        shared_links.revoke_link(link, actor=SYSTEM, now=timezone.now())

        assert link_by_token(token, now=timezone.now()) is None
        assert event_types(after=before) == ["link.revoked"]
        assert token_of(make_link(link.invoice)) != token

    def test_a_second_time_is_refused(self):
        link = make_link()
        shared_links.revoke_link(link, actor=SYSTEM, now=timezone.now())
        before = last_event_id()

        with pytest.raises(LinkRevoked):
            shared_links.revoke_link(link, actor=SYSTEM, now=timezone.now())

        assert event_types(after=before) == []


class TestOverTheApi:
    def test_a_new_link_is_201_and_the_standing_one_200(self, api):
        invoice = make_invoice()

        first = api.post("/links", {"invoice_id": invoice.pk})
        again = api.post("/links", {"invoice_id": invoice.pk})

        assert (first.status, again.status) == (201, 200)
        assert again.data == first.data
        assert first.data["url"] == url_of(SharedLink.objects.get())
        assert first.data["customer_id"] == invoice.customer_id

    @pytest.mark.parametrize("names", [[], ["invoice_id", "customer_id"]])
    def test_exactly_one_document_is_named(self, api, names):
        invoice = make_invoice()
        ids = {"invoice_id": invoice.pk, "customer_id": invoice.customer_id}

        answer = api.post("/links", {name: ids[name] for name in names})

        assert (answer.status, answer.body["code"]) == (400, "validation_failed")
        assert not SharedLink.objects.exists()

    def test_who_may_only_read_sees_that_it_is_there_and_not_where(self, viewer):
        link = make_link()

        shown = viewer.get(f"/links/{link.pk}").data

        assert (shown["url"], shown["status"]) == (None, "Active")

    def test_a_revoked_link_has_no_address(self, api):
        link = make_link()

        answer = api.post(f"/links/{link.pk}/revoke")

        assert (answer.data["url"], answer.data["status"]) == (None, "Revoked")

    def test_no_one_learns_of_links_to_what_they_may_not_read(self, client_with):
        invoice = make_invoice()
        statement, shown = make_link(invoice.customer), make_link(invoice)
        sales = client_with(role=Role.SALES)

        assert [row["id"] for row in sales.get("/links").data] == [shown.pk]
        assert sales.get(f"/links/{statement.pk}").status == 404
        assert sales.post(f"/links/{statement.pk}/revoke").status == 404
        assert sales.post("/links", {"customer_id": invoice.customer_id}).status == 403

        statement.refresh_from_db()
        assert statement.revoked_at is None

    def test_lists_are_filtered_by_what_they_show_and_whether_they_still_do(self, api):
        customer = make_customer()
        statement = make_link(customer)
        invoice = make_link(make_invoice(customer=customer))
        other = make_link()
        shared_links.revoke_link(other, actor=SYSTEM, now=timezone.now())

        def ids(query: str) -> set[int]:
            return {row["id"] for row in api.get(f"/links?{query}").data}

        assert ids(f"customer_id={customer.pk}") == {statement.pk, invoice.pk}
        assert ids("kind=statement") == {statement.pk}
        assert ids("status=revoked") == {other.pk}
        assert ids("status=active") == {statement.pk, invoice.pk}
        assert ids("status=expired") == set()
