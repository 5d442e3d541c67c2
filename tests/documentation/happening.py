"""Everything that can happen here, made to happen once: each event as it really is."""

import datetime
import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from billing import invoices, quotes
from billing.mailing.reminders import send_reminders
from billing.recurring_runs import generate_due
from bizsuite.events.models import Event
from bizsuite.identity.models import organisation
from bizsuite.team import profile
from tests.api.world import Operation, World, operations
from tests.api_client import ApiClient
from tests.factories import (
    SYSTEM,
    make_account,
    make_credit_note,
    make_customer,
    make_draft,
    make_invoice,
    make_lead,
    make_payment,
    make_quote,
    make_recurring_invoice,
    make_ticket,
)

Scene = Callable[[ApiClient], object]


def _a_paid_invoice_is_credited(api: ApiClient) -> None:
    invoice = make_invoice()
    make_payment(invoice=invoice)
    make_credit_note(invoice)


def _credit_is_put_against_an_invoice(api: ApiClient) -> None:
    invoice = make_invoice()
    payment = make_payment(customer=invoice.customer)
    allocations = [{"invoice_id": invoice.pk, "amount": Decimal("100.00")}]
    api.post(f"/payments/{payment.pk}/allocate", {"allocations": allocations})


def _an_invoice_is_not_paid_in_time(api: ApiClient) -> None:
    profile.update_organisation(organisation(), reminders_enabled=True, actor=SYSTEM)
    today = organisation().today()
    make_invoice(customer=make_customer(email="jane@example.com"), date=today, due_date=today)
    later = timezone.now() + datetime.timedelta(days=10)
    invoices.announce_overdue(today=later.date(), actor=SYSTEM)
    send_reminders(now=later.replace(hour=12), actor=SYSTEM)


def _a_quote_is_sent_and_expires(api: ApiClient) -> None:
    quote = make_quote()
    quotes.send_quote(quote, actor=SYSTEM)
    later = quote.valid_until + datetime.timedelta(days=1)
    quotes.expire_quotes(today=later, actor=SYSTEM)


def _an_invoice_cannot_be_mailed(api: ApiClient) -> None:
    make_recurring_invoice(mail=True, customer=make_customer(account="Jane"))
    generate_due(now=timezone.now(), actor=SYSTEM)


def _a_recurring_invoice_pauses_and_goes_on(api: ApiClient) -> None:
    path = f"/recurring-invoices/{make_recurring_invoice().pk}"
    api.post(f"{path}/pause")
    api.post(f"{path}/resume")


def _a_ticket_is_closed_and_reopened(api: ApiClient) -> None:
    path = f"/tickets/{make_ticket().pk}"
    api.post(f"{path}/close")
    api.post(f"{path}/reopen")


def _one_lead_becomes_part_of_another(api: ApiClient) -> None:
    ids = [make_lead(email=f"{name}@example.com").pk for name in ("jane", "john")]
    api.post(f"/leads/{ids[0]}/merge", {"lead_ids": ids[1:]})


def _things_are_removed(api: ApiClient) -> None:
    api.delete(f"/accounts/{make_account('Till').pk}")
    api.delete(f"/invoices/{make_draft().pk}")
    api.delete(f"/customers/{make_invoice().customer_id}")


# What takes more than one request that the API's description shows an example of.
SCENES: tuple[Scene, ...] = (
    _a_paid_invoice_is_credited,
    _credit_is_put_against_an_invoice,
    _an_invoice_is_not_paid_in_time,
    _a_quote_is_sent_and_expires,
    _an_invoice_cannot_be_mailed,
    _a_recurring_invoice_pauses_and_goes_on,
    _a_ticket_is_closed_and_reopened,
    _one_lead_becomes_part_of_another,
    _things_are_removed,
)


def everything_that_happens(api: ApiClient) -> list[tuple[str, Any]]:
    """The type and the payload of each event of every request and scene, each in its own world."""
    told: list[tuple[str, Any]] = []
    for scene in (*map(_asked_for, _writing_operations()), *SCENES):
        told += _told_by(scene, api)
    return told


def _told_by(scene: Scene, api: ApiClient) -> Iterator[tuple[str, Any]]:
    last = Event.objects.order_by("-id").values_list("id", flat=True).first() or 0
    with transaction.atomic():
        scene(api)
        told = list(Event.objects.filter(id__gt=last).values_list("type", "payload"))
        # The next one finds what this one found: no books that are closed, nothing deleted.
        transaction.set_rollback(True)
    return ((name, json.loads(payload, parse_float=Decimal)) for name, payload in told)


# PUT does what PATCH does, batches do what single requests do, and a delivery to send again is
# made of an event that did not happen.
_LEFT_OUT = ("/batch/", "/webhooks/deliveries/")


def _writing_operations() -> Iterator[Operation]:
    for each in operations():
        if each.method in ("POST", "PATCH", "DELETE") and not each.path.startswith(_LEFT_OUT):
            yield each


def _asked_for(operation: Operation) -> Scene:
    """The request with the body that its description shows. Refused, it tells of nothing."""

    def ask(api: ApiClient) -> None:
        world = World(api)
        address = world.address(operation.path)
        if operation.method == "DELETE":
            api.delete(address)
        elif operation.method == "PATCH":
            api.patch(address, {"metadata": {"seen": "yes"}})
        else:
            api.post(address, world.example_of(operation))

    return ask


# ── Comparing ────────────────────────────────────────────────────────────────


def differences(example: Any, real: Any, path: str = "data") -> Iterator[str]:
    """Where an event is not made as its example is: other keys, or another kind of value."""
    if example in (None, {}, []) or real is None:
        return  # which says nothing of what may stand there
    if _kind(example) != _kind(real):
        yield f"{path} is {_kind(real)}, in the example {_kind(example)}"
    elif isinstance(example, Mapping):
        yield from (f"{path}.{name} is not in the example" for name in real.keys() - example)
        yield from (f"{path}.{name} is only in the example" for name in example.keys() - real)
        for name in real.keys() & example.keys():
            yield from differences(example[name], real[name], f"{path}.{name}")
    elif isinstance(example, list):
        for each in real:
            yield from differences(example[0], each, f"{path}[]")


def _kind(value: Any) -> str:
    kinds: dict[type | tuple[type, ...], str] = {
        bool: "true or false",
        (int, Decimal): "a number",
        str: "text",
        list: "a list",
        Mapping: "an object",
    }
    return next(name for kind, name in kinds.items() if isinstance(value, kind))
