"""Quotes under many hands at the same moment."""

import datetime
from collections import Counter

import pytest

from billing import invoices, quotes
from billing.models import Invoice, Quote
from bizsuite.errors import DomainError
from bizsuite.events.models import Event
from bizsuite.identity.actors import Actor
from bizsuite.identity.roles import Role
from tests.api_client import ApiClient
from tests.concurrency import at_once
from tests.factories import SYSTEM, make_customer, make_key, make_quote, new_quote

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

TOMORROW = datetime.date.today() + datetime.timedelta(days=1)
SALES = Actor(name="Sam", role=Role.SALES, source="api")


def said(event: str) -> int:
    return Event.objects.filter(type=event).count()


def test_of_eight_conversions_at_once_one_makes_the_invoice_and_all_answer_it():
    key, quote = make_key()[1], make_quote()

    answers = at_once([lambda: ApiClient(key).post(f"/quotes/{quote.pk}/convert")] * 8)

    assert Counter(answer.status for answer in answers) == {201: 1, 200: 7}
    assert {answer.data["id"] for answer in answers} == {Invoice.objects.get().pk}
    assert (said("quote.converted"), said("invoice.issued")) == (1, 1)


def test_a_quote_is_accepted_or_declined_and_never_both():
    quote = make_quote()

    def answer(act) -> str:
        try:
            return act(quote=Quote.objects.get(pk=quote.pk), actor=SYSTEM).status
        except DomainError as refusal:
            return refusal.code

    results = at_once(
        [
            lambda: answer(lambda quote, actor: quotes.accept_quote(quote, actor=actor)),
            lambda: answer(lambda quote, actor: quotes.decline_quote(quote, actor=actor)),
        ]
        * 3
    )

    counted = Counter(results)
    assert counted.pop("quote_move_refused") == 5
    assert list(counted) == [Quote.objects.get().status]
    assert said("quote.accepted") + said("quote.declined") == 1


def test_sweeps_at_once_say_once_that_a_quote_expired():
    make_quote(valid_until=TOMORROW)
    after = TOMORROW + datetime.timedelta(days=1)

    results = at_once([lambda: quotes.expire_quotes(today=after, actor=SYSTEM)] * 4)

    assert sum(results) == said("quote.expired") == 1


def test_numbers_have_no_gap_and_no_duplicate():
    fields = new_quote(customer=make_customer(), date=datetime.date(2024, 1, 15))

    made = at_once([lambda: quotes.create_quote(actor=SYSTEM, **fields)] * 8)

    assert sorted(quote.number for quote in made) == [f"QUO-2024-{n:03}" for n in range(1, 9)]


def test_deleting_the_draft_while_it_is_asked_for_again_leaves_one_invoice_at_most():
    quote = make_quote()
    draft, _ = quotes.convert_quote(quote, actor=SALES)

    at_once(
        [
            lambda: invoices.delete_invoice(Invoice.objects.get(pk=draft.pk), actor=SYSTEM),
            lambda: quotes.convert_quote(Quote.objects.get(pk=quote.pk), actor=SYSTEM),
        ]
    )

    quote = Quote.objects.get(pk=quote.pk)
    assert Invoice.objects.count() <= 1
    assert (quote.status == "Converted") == (quote.invoice_id is not None)
    assert quote.invoice_id == Invoice.objects.values_list("pk", flat=True).first()
