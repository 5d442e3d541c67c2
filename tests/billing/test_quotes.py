"""Quotes: written, sent, answered, expired, made into an invoice."""

import datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from billing import invoices, quotes
from billing.catalogue import delete_named
from billing.models import Invoice, Quote
from billing.quote_states import QuoteExpired, QuoteMoveRefused
from billing.tasks import expire_past_quotes
from bizsuite.errors import Conflict, Invalid
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import organisation
from bizsuite.identity.roles import Role
from bizsuite.team import profile
from customers import customers
from tests.billing.books import event_types, last_event_id
from tests.factories import (
    DAY,
    SYSTEM,
    make_category,
    make_customer,
    make_product,
    make_quote,
    new_item,
)

pytestmark = pytest.mark.django_db

YESTERDAY = datetime.date.today() - datetime.timedelta(days=1)
TOMORROW = datetime.date.today() + datetime.timedelta(days=1)
NEXT_YEAR = datetime.date.today() + datetime.timedelta(days=365)
SALES = Actor(name="Sam", role=Role.SALES, source="api")


def stored(quote: Quote) -> Quote:
    return Quote.objects.get(pk=quote.pk)


def in_status(status: str) -> Quote:
    """A quote that came into this status on its own way."""
    quote = make_quote()
    if status in ("Sent", "Expired"):
        quotes.send_quote(quote, actor=SYSTEM)
    if status == "Accepted":
        quotes.accept_quote(quote, actor=SYSTEM)
    if status == "Declined":
        quotes.decline_quote(quote, actor=SYSTEM)
    if status == "Expired":
        quotes.update_quote(quote, valid_until=YESTERDAY, actor=SYSTEM)
        expire_past_quotes()
    if status == "Converted":
        quotes.convert_quote(quote, actor=SYSTEM)
    quote = stored(quote)
    assert quote.status == status
    return quote


def move(quote: Quote, name: str) -> None:
    if name == "update":
        quotes.update_quote(quote, notes="Changed", actor=SYSTEM)
    else:
        getattr(quotes, f"{name}_quote")(quote, actor=SYSTEM)


class TestWriting:
    def test_a_quote_is_a_numbered_draft_with_an_invoices_totals(self):
        items = [new_item("19.99", "3", 19), new_item("0.335", "1", 7)]
        before = last_event_id()

        quote = make_quote(items=items, date=DAY, valid_until=TOMORROW)

        assert (quote.number, quote.status) == ("QUO-2024-001", "Draft")
        assert (quote.subtotal, quote.tax, quote.amount) == (
            Decimal("60.31"),
            Decimal("11.41"),
            Decimal("71.72"),
        )
        invoice = invoices.create_invoice(
            customer=quote.customer, items=items, draft=True, actor=SYSTEM
        )
        assert (invoice.subtotal, invoice.tax, invoice.amount) == (
            quote.subtotal,
            quote.tax,
            quote.amount,
        )
        assert event_types(after=before) == [
            "customer.created",
            "quote.created",
            "invoice.created",
        ]

    def test_numbers_count_in_the_year_of_the_date_and_apart_from_invoices(self):
        first = make_quote(date=DAY)
        with pytest.raises(Invalid):
            make_quote(date=DAY, items=[])
        other_year = make_quote(date=datetime.date(2025, 3, 1))
        invoices.create_invoice(customer=first.customer, items=[new_item()], date=DAY, actor=SYSTEM)

        second = make_quote(date=DAY)

        assert [quote.number for quote in (first, other_year, second)] == [
            "QUO-2024-001",
            "QUO-2025-001",
            "QUO-2024-002",
        ]

    def test_it_is_valid_for_thirty_days_unless_told_otherwise(self):
        assert make_quote(date=DAY).valid_until == datetime.date(2024, 2, 14)
        assert make_quote(date=datetime.date.max).valid_until == datetime.date.max

    def test_an_item_takes_the_tax_rate_of_its_product(self):
        item = new_item("100.00", product=make_product(tax_rate=Decimal(20)))
        del item["tax_rate"]

        assert make_quote(items=[item]).tax == Decimal("20.00")

    def test_an_archived_customer_or_product_is_refused_and_nothing_written(self):
        gone = customers.archive_customer(make_customer(), actor=SYSTEM)
        product = make_product()
        make_quote(items=[new_item(product=product)])
        assert not delete_named(product, actor=SYSTEM)

        with pytest.raises(customers.CustomerArchived):
            make_quote(customer=gone)
        with pytest.raises(Conflict):
            make_quote(items=[new_item(product=product)])

        assert Quote.objects.count() == 1

    def test_a_customer_with_a_quote_is_archived_instead_of_deleted(self):
        quote = make_quote()

        assert customers.delete_customer(quote.customer, actor=SYSTEM) is False

        assert stored(quote).customer.archived_at is not None

    def test_the_database_refuses_a_converted_quote_without_invoice(self):
        quote = make_quote()

        with pytest.raises(IntegrityError), transaction.atomic():
            Quote.objects.filter(pk=quote.pk).change(status="Converted")


class TestChanging:
    def test_a_draft_changes_with_its_totals_and_keeps_its_number(self):
        quote = make_quote("100.00", date=DAY, valid_until=TOMORROW)
        before = last_event_id()

        quote = quotes.update_quote(
            quote,
            items=[new_item("50.00", 3, 10)],
            date=datetime.date(2025, 1, 1),
            notes="Delivered",
            actor=SYSTEM,
        )

        assert (quote.number, quote.amount, quote.notes) == (
            "QUO-2024-001",
            Decimal("165.00"),
            "Delivered",
        )
        assert [item.quantity for item in quote.items.all()] == [3]
        assert [(line.rate, line.tax) for line in quote.taxes.all()] == [(10, Decimal("15.00"))]
        assert event_types(after=before) == ["quote.updated"]

    def test_what_is_sent_as_it_is_changes_nothing(self):
        quote = make_quote("100.00")
        before, version = last_event_id(), quote.version

        quotes.update_quote(quote, items=[new_item("100.00")], notes="", actor=SYSTEM)

        assert stored(quote).version == version
        assert event_types(after=before) == []

    def test_an_archived_customer_comes_onto_no_quote(self):
        quote = make_quote()
        gone = customers.archive_customer(make_customer(), actor=SYSTEM)

        with pytest.raises(customers.CustomerArchived):
            quotes.update_quote(quote, customer=gone, actor=SYSTEM)

        assert stored(quote).customer_id != gone.pk

    @pytest.mark.parametrize("status", ["Accepted", "Declined", "Converted", "Expired"])
    def test_ids_of_other_systems_may_change_in_any_state(self, status):
        quote = in_status(status)

        quotes.update_quote(quote, external_id="crm-7", metadata={"a": "b"}, actor=SYSTEM)

        assert (stored(quote).external_id, stored(quote).status) == ("crm-7", status)

    def test_only_a_draft_is_deleted(self):
        draft = make_quote()
        before = last_event_id()

        quotes.delete_quote(draft, actor=SYSTEM)

        assert not Quote.objects.exists()
        assert event_types(after=before) == ["quote.deleted"]


MOVES = ("update", "send", "accept", "decline", "convert", "delete")
ALLOWED = {
    "Draft": list(MOVES),
    "Sent": ["update", "accept", "decline", "convert"],
    "Accepted": ["convert"],
    "Declined": [],
    "Expired": ["update"],
    "Converted": [],
}


PAIRS = [(status, name) for status in ALLOWED for name in MOVES]
# An expired quote is changed by a new last day only, and a converted one answers its invoice.
LEGAL = [each for each in PAIRS if each[1] in ALLOWED[each[0]] and each[0] != "Expired"]
ILLEGAL = [each for each in PAIRS if each not in LEGAL and each != ("Converted", "convert")]


class TestMoves:
    @pytest.mark.parametrize(("status", "name"), LEGAL)
    def test_each_state_allows_its_moves(self, status, name):
        quote = in_status(status)
        before = quote.version

        move(quote, name)

        assert not Quote.objects.filter(pk=quote.pk, version=before).exists()

    @pytest.mark.parametrize(("status", "name"), ILLEGAL)
    def test_and_refuses_all_others_naming_those_it_allows(self, status, name):
        quote = in_status(status)
        before, version = last_event_id(), quote.version

        with pytest.raises((QuoteMoveRefused, QuoteExpired)) as refusal:
            move(quote, name)

        assert refusal.value.allowed == ALLOWED[status]
        assert (stored(quote).status, stored(quote).version) == (status, version)
        assert event_types(after=before) == []

    def test_each_move_says_so_once(self):
        before = last_event_id()
        quote = make_quote()
        quotes.send_quote(quote, actor=SYSTEM)
        quotes.accept_quote(quote, actor=SYSTEM)
        quotes.convert_quote(quote, actor=SYSTEM)

        assert event_types(after=before) == [
            "customer.created",
            "quote.created",
            "quote.sent",
            "quote.accepted",
            "invoice.created",
            "invoice.issued",
            "quote.converted",
        ]

    def test_a_reason_for_declining_is_kept(self):
        quote = quotes.decline_quote(make_quote(), reason="Too dear", actor=SYSTEM)

        assert (quote.status, quote.decline_reason) == ("Declined", "Too dear")
        assert quote.declined_at is not None


class TestExpiring:
    def test_it_can_be_accepted_on_its_last_day_and_not_on_the_next(self):
        last = make_quote(date=DAY, valid_until=TOMORROW)
        late = make_quote(date=DAY, valid_until=TOMORROW)
        before = last_event_id()

        quotes.accept_quote(last, today=TOMORROW, actor=SYSTEM)
        for refused in (quotes.accept_quote, quotes.decline_quote, quotes.convert_quote):
            with pytest.raises(QuoteExpired) as refusal:
                refused(late, today=TOMORROW + datetime.timedelta(days=1), actor=SYSTEM)
            assert refusal.value.allowed == ["update"]

        assert stored(last).status == "Accepted"
        assert stored(late).status == "Draft"
        assert event_types(after=before) == ["quote.accepted"]

    def test_the_day_ends_in_the_organisations_time_zone(self, api):
        # 26 hours apart: whatever the time is, it is yesterday's date in one of them.
        west, east = "Etc/GMT+12", "Pacific/Kiritimati"
        profile.update_organisation(organisation(), timezone=west, actor=SYSTEM)
        quote = make_quote(valid_until=organisation().today())
        assert api.get(f"/quotes/{quote.pk}").data["status"] == "Draft"

        profile.update_organisation(organisation(), timezone=east, actor=SYSTEM)

        assert api.get(f"/quotes/{quote.pk}").data["status"] == "Expired"
        assert api.post(f"/quotes/{quote.pk}/accept").body["code"] == "quote_expired"

    def test_the_sweep_stores_it_and_says_so_once(self):
        sent, draft = make_quote(valid_until=TOMORROW), make_quote(valid_until=TOMORROW)
        quotes.send_quote(sent, actor=SYSTEM)
        accepted = quotes.accept_quote(make_quote(valid_until=TOMORROW), actor=SYSTEM)
        later = make_quote(valid_until=NEXT_YEAR)
        before = last_event_id()
        after = TOMORROW + datetime.timedelta(days=1)

        assert quotes.expire_quotes(today=TOMORROW, actor=SYSTEM) == 0
        assert quotes.expire_quotes(today=after, actor=SYSTEM) == 2
        assert quotes.expire_quotes(today=after, actor=SYSTEM) == 0

        assert event_types(after=before) == ["quote.expired"] * 2
        assert [stored(quote).status for quote in (sent, draft, accepted, later)] == [
            "Expired",
            "Expired",
            "Accepted",
            "Draft",
        ]

    def test_one_loaded_past_its_date_is_expired_from_the_start_and_no_event_says_so(self):
        before = last_event_id()

        quote = make_quote(date=DAY)
        expire_past_quotes()

        assert quote.status == "Expired"
        assert event_types(after=before) == ["customer.created", "quote.created"]

    @pytest.mark.parametrize("swept", [True, False])
    def test_a_new_last_day_revives_it_as_what_it_was(self, swept):
        draft, sent = make_quote(valid_until=YESTERDAY), make_quote()
        quotes.send_quote(sent, actor=SYSTEM)
        quotes.update_quote(sent, valid_until=YESTERDAY, actor=SYSTEM)
        if swept:
            expire_past_quotes()
        before = last_event_id()

        for quote in (draft, sent):
            quotes.update_quote(quote, valid_until=TOMORROW, actor=SYSTEM)

        assert [stored(quote).status for quote in (draft, sent)] == ["Draft", "Sent"]
        assert stored(sent).revision == 1
        # An expiry that the sweep had not come to is written down before it is undone.
        assert event_types(after=before) == ["quote.updated"] + (
            ["quote.updated"] if swept else ["quote.expired", "quote.updated"]
        )

    def test_it_expires_again_and_that_is_said_again(self):
        quote = make_quote(valid_until=TOMORROW)
        after = TOMORROW + datetime.timedelta(days=1)
        quotes.expire_quotes(today=after, actor=SYSTEM)
        quotes.update_quote(quote, valid_until=after, today=after, actor=SYSTEM)
        before = last_event_id()

        quotes.expire_quotes(today=after + datetime.timedelta(days=1), actor=SYSTEM)

        assert event_types(after=before) == ["quote.expired"]

    def test_another_past_day_leaves_it_expired(self):
        quote = make_quote(valid_until=YESTERDAY)

        quotes.update_quote(quote, valid_until=DAY, actor=SYSTEM)

        assert (stored(quote).status, stored(quote).valid_until) == ("Expired", DAY)


class TestConverting:
    def test_the_invoice_is_issued_with_the_quotes_prices(self):
        category = make_category("Advice", "Income")
        product = make_product(price="10.00", tax_rate=Decimal(7))
        items = [new_item("99.9999", "1.5", 19, product=product, category=category), new_item()]
        quote = make_quote(items=items, notes="As discussed")

        invoice, is_new = quotes.convert_quote(quote, actor=SYSTEM)

        assert is_new
        invoice = Invoice.objects.get(pk=invoice.pk)
        assert (invoice.status, invoice.customer_id) == ("Unpaid", quote.customer_id)
        assert invoice.number == f"INV-{organisation().today().year}-001"
        assert (invoice.subtotal, invoice.tax, invoice.amount) == (
            quote.subtotal,
            quote.tax,
            quote.amount,
        )
        assert (invoice.notes, invoice.date) == ("As discussed", organisation().today())
        line = invoice.items.first()
        assert (line.amount, line.quantity, line.tax_rate) == (
            Decimal("99.9999"),
            Decimal("1.5"),
            19,
        )
        assert (line.product, line.category) == (product, category)
        assert (stored(quote).status, stored(quote).invoice_id) == ("Converted", invoice.pk)

    def test_a_second_time_answers_the_same_invoice(self):
        quote = make_quote()
        first, _ = quotes.convert_quote(quote, actor=SYSTEM)
        before = last_event_id()

        again, is_new = quotes.convert_quote(quote, actor=SYSTEM)

        assert (again.pk, is_new) == (first.pk, False)
        assert Invoice.objects.count() == 1
        assert event_types(after=before) == []

    def test_who_may_not_write_invoices_gets_a_draft(self):
        invoice, _ = quotes.convert_quote(make_quote(), actor=SALES)

        assert (invoice.status, invoice.number) == ("Draft", None)

    def test_an_accepted_quote_is_converted_after_its_last_day_too(self):
        quote = quotes.accept_quote(make_quote(valid_until=TOMORROW), actor=SYSTEM)

        _, is_new = quotes.convert_quote(quote, today=NEXT_YEAR, actor=SYSTEM)

        assert is_new

    def test_what_was_archived_since_is_sold_all_the_same(self):
        product = make_product()
        quote = make_quote(items=[new_item(product=product)])
        assert not delete_named(product, actor=SYSTEM)

        invoice, _ = quotes.convert_quote(quote, actor=SYSTEM)

        assert invoice.items.get().product_id == product.pk

    def test_an_archived_customer_gets_no_invoice(self):
        quote = make_quote()
        customers.archive_customer(quote.customer, actor=SYSTEM)

        with pytest.raises(customers.CustomerArchived):
            quotes.convert_quote(quote, actor=SYSTEM)

        assert stored(quote).status == "Draft"
        assert not Invoice.objects.exists()

    @pytest.mark.parametrize("status", ["Draft", "Sent", "Accepted"])
    def test_when_its_draft_is_deleted_it_can_be_converted_again(self, status):
        quote = in_status(status)
        draft, _ = quotes.convert_quote(quote, actor=SALES)
        before = last_event_id()

        invoices.delete_invoice(draft, actor=SYSTEM)

        assert (stored(quote).status, stored(quote).invoice_id) == (status, None)
        assert event_types(after=before) == ["quote.updated", "invoice.deleted"]
        again, is_new = quotes.convert_quote(quote, actor=SYSTEM)
        assert (is_new, again.status) == (True, "Unpaid")
