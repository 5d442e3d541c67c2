"""What was sent stays as it was sent: a change makes the next version, and the last one is kept."""

import datetime
from decimal import Decimal

import pytest

from billing import quotes
from billing.items import CONTENT
from billing.models import Invoice, Quote, QuoteItem, QuoteTax, QuoteVersion
from billing.quote_states import QuoteMoveRefused, QuoteRevised
from billing.quote_versions import as_quote
from tests.billing.books import event_types, last_event_id
from tests.billing.paper import text_in
from tests.factories import (
    SYSTEM,
    make_category,
    make_customer,
    make_product,
    make_quote,
    make_version,
    new_item,
)

pytestmark = pytest.mark.django_db

TODAY = datetime.date.today()
YESTERDAY = TODAY - datetime.timedelta(days=1)
TOMORROW = TODAY + datetime.timedelta(days=1)


def make_sent(*arguments, **fields) -> Quote:
    return quotes.send_quote(make_quote(*arguments, **fields), actor=SYSTEM)


def stored(quote: Quote) -> Quote:
    return Quote.objects.get(pk=quote.pk)


def columns(row) -> dict:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


class TestRevising:
    @pytest.mark.parametrize(
        "change",
        [
            {"items": [new_item("90.00")]},
            {"notes": "Now with a garden"},
            {"discount_percent": Decimal(5)},
            {"date": datetime.date(2024, 3, 1)},
        ],
        ids=str,
    )
    def test_a_change_of_what_was_sent_makes_a_draft_of_the_next_version(self, change):
        quote = make_sent("100.00")
        before = last_event_id()

        quotes.update_quote(quote, actor=SYSTEM, **change)

        quote = stored(quote)
        assert (quote.revision, quote.status, quote.sent_at) == (2, "Draft", None)
        assert event_types(after=before) == ["quote.updated"]
        assert [version.revision for version in quote.versions.all()] == [1]

    @pytest.mark.parametrize(
        "change",
        [
            {"valid_until": TOMORROW + datetime.timedelta(days=365)},
            {"external_id": "crm-7"},
            {"metadata": {"a": "b"}},
            {"notes": ""},
            {"items": [new_item("100.00")]},
        ],
        ids=str,
    )
    def test_its_last_day_ids_and_what_is_the_same_do_not(self, change):
        quote = make_sent("100.00")

        quotes.update_quote(quote, actor=SYSTEM, **change)

        assert (stored(quote).revision, stored(quote).status) == (1, "Sent")
        assert not QuoteVersion.objects.exists()

    def test_a_draft_that_nobody_has_seen_is_just_changed(self):
        quote = make_quote()

        quotes.update_quote(quote, notes="Nicer", actor=SYSTEM)

        assert stored(quote).revision == 1
        assert not QuoteVersion.objects.exists()

    def test_sent_again_it_is_at_its_second_version_and_can_be_revised_once_more(self):
        quote = make_sent("100.00")
        for amount in ("90.00", "80.00"):
            quotes.update_quote(quote, items=[new_item(amount)], actor=SYSTEM)
            quotes.send_quote(quote, actor=SYSTEM)

        assert (stored(quote).revision, stored(quote).status) == (3, "Sent")
        assert [as_quote(version).amount for version in quote.versions.all()] == [100, 90]

    def test_one_that_has_expired_is_revived_and_revised_in_one_breath(self):
        quote = make_sent("100.00")
        quotes.update_quote(quote, valid_until=YESTERDAY, actor=SYSTEM)
        quotes.expire_quotes(today=TODAY, actor=SYSTEM)

        quotes.update_quote(quote, valid_until=TOMORROW, items=[new_item("90.00")], actor=SYSTEM)

        assert (stored(quote).revision, stored(quote).status) == (2, "Draft")
        assert as_quote(quote.versions.get()).valid_until == YESTERDAY

    def test_a_revised_draft_is_not_deleted_for_the_customer_has_a_version(self):
        quote = make_sent()
        make_version(quote)

        with pytest.raises(QuoteMoveRefused) as refusal:
            quotes.delete_quote(quote, actor=SYSTEM)

        assert "delete" not in refusal.value.allowed
        assert Quote.objects.filter(pk=quote.pk).exists()


class TestCopies:
    def test_a_version_is_the_quote_and_its_parts_column_by_column(self):
        """Every column there is, so that a new one cannot be forgotten."""
        items = [
            new_item(
                "19.9999",
                "1.5",
                19,
                product=make_product(),
                category=make_category("Advice", "Income"),
            ),
            new_item("0.335", 3, 7),
        ]
        quote = make_sent(items=items, notes="Für Änne", metadata={"a": "b"}, external_id="crm-7")
        quote = stored(quote)
        sent = columns(quote)
        parts = [[columns(row) for row in rows] for rows in (quote.items.all(), quote.taxes.all())]

        quotes.update_quote(quote, items=[new_item("1.00")], notes="Other", actor=SYSTEM)

        version = QuoteVersion.objects.get()
        copy = as_quote(version)
        assert columns(copy) == sent
        assert [
            [columns(row) for row in rows] for rows in (copy.items.all(), copy.taxes.all())
        ] == parts
        assert version.content["quote"].keys() == sent.keys()
        for name, model in (("items", QuoteItem), ("taxes", QuoteTax)):
            names = {field.attname for field in model._meta.concrete_fields}
            assert all(row.keys() == names for row in version.content[name])

    def test_a_column_that_has_come_since_has_its_default(self):
        version = make_version(make_sent())
        del version.content["items"][0]["quantity"]
        version.content["quote"]["gone"] = "since"

        assert as_quote(version).items.all()[0].quantity == Decimal(1)

    def test_reading_it_asks_for_nothing(self, django_assert_num_queries):
        version = make_version(make_sent())

        with django_assert_num_queries(0):
            copy = as_quote(version)
            assert [item.currency for item in copy.items.all()] == ["USD"]
            assert [tax.currency for tax in copy.taxes.all()] == ["USD"]


class TestOverTheApi:
    def test_each_version_is_shown_as_it_was_sent(self, api):
        quote = make_sent("100.00")
        sent = api.get(f"/quotes/{quote.pk}").data
        revised = api.patch(
            f"/quotes/{quote.pk}",
            {"items": [{"description": "Less", "amount": 90, "qty": 1}]},
        )
        assert (revised.data["revision"], revised.data["status"]) == (2, "Draft")

        [listed] = api.get(f"/quotes/{quote.pk}/versions").data
        shown = api.get(f"/quotes/{quote.pk}/versions/1").data

        assert shown == listed
        assert shown.pop("replaced_at") is not None
        assert shown == {name: sent[name] for name in shown}
        assert {"items", "taxes", "amount", "sent_at", "notes", "valid_until"} <= shown.keys()

    def test_there_is_no_other_version(self, api):
        quote, other = make_sent(), make_sent()
        make_version(other)

        assert api.get(f"/quotes/{quote.pk}/versions/1").status == 404
        assert api.get(f"/quotes/{other.pk}/versions/2").status == 404

    @pytest.mark.parametrize("move", ["accept", "decline"])
    def test_an_answer_to_another_version_is_refused(self, api, move):
        quote = make_sent()
        make_version(quote)
        quotes.send_quote(quote, actor=SYSTEM)

        refused = api.post(f"/quotes/{quote.pk}/{move}", {"revision": 1})

        assert (refused.status, refused.body["code"]) == (409, "quote_revised")
        assert stored(quote).status == "Sent"
        assert api.post(f"/quotes/{quote.pk}/{move}", {"revision": 2}).status == 200


class TestAnswersAndInvoices:
    def test_nothing_is_written_of_an_answer_to_another_version(self):
        quote = make_sent()
        make_version(quote)
        before = last_event_id()

        with pytest.raises(QuoteRevised):
            quotes.accept_quote(quote, revision=1, actor=SYSTEM)

        assert stored(quote).accepted_at is None
        assert event_types(after=before) == []

    def test_the_invoice_has_the_prices_of_the_accepted_version(self):
        product = make_product(price="100.00", tax_rate=Decimal(20))
        quote = make_sent(items=[new_item("100.00", 2, 20, product=product)])
        quotes.update_quote(quote, items=[new_item("80.00", 2, 20, product=product)], actor=SYSTEM)
        quotes.send_quote(quote, actor=SYSTEM)
        quotes.accept_quote(quote, revision=2, actor=SYSTEM)
        product.price, product.tax_rate = Decimal(500), Decimal(7)
        product.save()

        invoice, _ = quotes.convert_quote(quote, actor=SYSTEM)

        assert Invoice.objects.get(pk=invoice.pk).amount == Decimal("192.00")

    def test_every_column_of_an_item_goes_onto_the_invoice(self):
        """What is computed anew there apart: a new column is copied or the test says so."""
        computed = {"id", "quote_id", "position", "total", "net"}

        columns = {field.attname for field in QuoteItem._meta.concrete_fields}
        assert columns - computed == set(CONTENT)

    def test_a_customer_who_is_archived_can_still_accept(self):
        quote = make_sent(customer=make_customer())

        assert quotes.accept_quote(quote, answered_by="Ann", actor=SYSTEM).answered_by == "Ann"


def test_the_rate_at_which_it_is_booked_is_nothing_that_the_customer_sees(api):
    """An invoice says it; until then it is ours, and its change no revision."""
    quote = make_sent(currency="EUR", exchange_rate=Decimal("1.25"), tax_rate=20)
    address = f"/quotes/{quote.pk}"
    before = text_in(api.get(f"{address}/pdf").raw)
    changed = api.patch(address, {"exchange_rate": Decimal("1.5")}).data

    assert (changed["revision"], changed["status"]) == (1, "Sent")
    assert text_in(api.get(f"{address}/pdf").raw) == before
