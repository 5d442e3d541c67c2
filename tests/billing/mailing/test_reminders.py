"""Reminders: who gets one, when, and that it is one."""

import datetime
from decimal import Decimal

import pytest
from django.core.management import call_command

from billing import invoices, payments
from billing.mailing import reminders
from billing.mailing.mail_templates import update_mail_template
from billing.mailing.reminder_levels import (
    LevelInUse,
    create_reminder_level,
    delete_reminder_level,
    update_reminder_level,
)
from billing.mailing.reminders import planned_reminders, send_reminders
from billing.models import Invoice, JournalEntry, MailTemplate, Reminder, ReminderLevel
from billing.tasks import remind_customers
from bizsuite.errors import Invalid
from bizsuite.events.models import Event
from bizsuite.identity.models import organisation
from bizsuite.mail.models import OutgoingMail
from bizsuite.team import profile
from customers import customers
from tests.billing.books import findings
from tests.concurrency import at_once
from tests.factories import SYSTEM, close_period, make_customer, make_invoice, make_payment

pytestmark = pytest.mark.django_db

DUE = datetime.date(2024, 2, 1)


def at(day: int, hour: int = 10) -> datetime.datetime:
    """So many days after the due date."""
    midnight = datetime.datetime(2024, 2, 1, tzinfo=datetime.UTC)
    return midnight + datetime.timedelta(days=day, hours=hour)


@pytest.fixture(autouse=True)
def _switched_on(db):
    """The levels that an installation begins with: 7, 21 and 35 days."""
    profile.update_organisation(organisation(), reminders_enabled=True, actor=SYSTEM)


def owed(amount: str = "100.00", **fields) -> Invoice:
    if "customer" not in fields:
        fields["customer"] = make_customer(email="jane@example.com")
    invoice = make_invoice(amount, due_date=DUE, **fields)
    # As if it had been issued on its day.
    issued = datetime.datetime(2024, 1, 15, 9, tzinfo=datetime.UTC)
    Invoice.objects.filter(pk=invoice.pk).change(issued_at=issued)
    return Invoice.objects.get(pk=invoice.pk)


def run(day: int, hour: int = 10) -> list[str]:
    """The levels that were sent."""
    outcomes = send_reminders(now=at(day, hour), actor=SYSTEM)
    return [outcome.level.name for outcome in outcomes if not outcome.skipped]


def level_of(days: int, /, **changes) -> ReminderLevel:
    level = ReminderLevel.objects.get(days=days)
    return update_reminder_level(level, actor=SYSTEM, **changes) if changes else level


def skipped(day: int) -> list[str]:
    return [plan.skipped for plan in planned_reminders(now=at(day))]


def subjects() -> list[str]:
    return list(OutgoingMail.objects.order_by("id").values_list("subject", flat=True))


def test_each_level_is_sent_once_on_its_day():
    invoice = owed()

    sent = {day: run(day) for day in (0, 6, 7, 8, 20, 21, 22, 35, 36, 400)}

    assert {day: names for day, names in sent.items() if names} == {
        7: ["Reminder"],
        21: ["Second reminder"],
        35: ["Final reminder"],
    }
    assert subjects() == [f"Reminder: invoice {invoice.number} was due on 1 February 2024"] * 3
    assert Event.objects.filter(type="invoice.reminded", object_id=invoice.pk).count() == 3
    invoice.refresh_from_db()
    assert invoice.reminded_at == at(35)


def test_after_an_outage_only_the_highest_level_is_sent_and_the_lower_ones_have_passed():
    owed()

    assert (run(30), run(30), run(31)) == (["Second reminder"], [], [])
    assert run(35) == ["Final reminder"]


def test_an_installation_that_did_not_ask_for_reminders_sends_none():
    profile.update_organisation(organisation(), reminders_enabled=False, actor=SYSTEM)
    owed()

    assert run(40) == []
    assert [plan.level.name for plan in planned_reminders(now=at(40))] == ["Final reminder"]
    assert subjects() == []


def test_history_that_was_loaded_is_not_reminded_of_where_the_settings_say_from_when():
    old = owed()
    profile.update_organisation(
        organisation(), reminders_from=DUE + datetime.timedelta(days=1), actor=SYSTEM
    )
    assert planned_reminders(now=at(40)) == []
    assert run(40) == []

    profile.update_organisation(organisation(), reminders_from=DUE, actor=SYSTEM)
    assert run(40) == ["Final reminder"]
    assert Event.objects.filter(type="invoice.reminded", object_id=old.pk).count() == 1


def test_what_is_paid_void_or_a_draft_is_not_reminded_of():
    paid, voided = owed(), owed()
    make_payment("100.00", invoice=paid)
    invoices.void_invoice(voided, actor=SYSTEM)
    make_invoice(draft=True, due_date=DUE, customer=make_customer(email="jane@example.com"))

    assert planned_reminders(now=at(40)) == []
    assert run(40) == []


def test_half_paid_is_still_owed_and_the_mail_says_how_much():
    make_payment("60.00", invoice=owed())

    assert run(7) == ["Reminder"]
    assert "$40.00 of it is still open" in OutgoingMail.objects.get().body


@pytest.mark.parametrize(
    ("flag", "why"),
    [
        ("disputed", "The customer disputes it."),
        ("reminders_paused", "Reminders of it are paused."),
    ],
)
def test_a_flag_on_the_invoice_stops_it_and_its_end_lets_the_next_level_go(api, flag, why):
    invoice = owed()
    run(7)
    assert api.patch(f"/invoices/{invoice.pk}", {flag: True}).data[flag] is True

    assert (run(21), skipped(21)) == ([], [why])
    api.patch(f"/invoices/{invoice.pk}", {flag: False})

    assert run(36) == ["Final reminder"]


def test_a_customer_without_an_address_paused_or_archived_is_passed_over():
    nowhere = owed(customer=make_customer())
    paused = owed(customer=make_customer(email="a@example.com", reminders_paused=True))
    gone = owed()
    customers.archive_customer(gone.customer, actor=SYSTEM)

    assert [(plan.invoice.pk, plan.skipped) for plan in planned_reminders(now=at(7))] == [
        (nowhere.pk, "The customer has no e-mail address."),
        (paused.pk, "Reminders of this customer are paused."),
        (gone.pk, "The customer is archived."),
    ]
    assert run(7) == []
    assert subjects() == []
    assert not Reminder.objects.exists()


def test_the_invoices_own_address_is_used(api):
    invoice = owed(customer=make_customer())
    api.patch(f"/invoices/{invoice.pk}", {"delivery_email": "ap@example.com"})

    run(7)

    assert OutgoingMail.objects.get().to_address == "ap@example.com"


# ── Before the due date ──


def test_a_note_before_the_due_date_is_sent_until_then_and_never_after():
    level_of(-3, active=True)
    first, second = owed(), owed()

    assert run(-4) == []
    make_payment("100.00", invoice=first)
    assert run(-2) == ["Due soon"]
    assert subjects() == [f"Invoice {second.number} is due on 1 February 2024"]
    assert run(1) == []


def test_who_got_the_invoice_after_the_day_of_the_note_gets_no_note():
    level_of(-3, active=True)
    invoice = owed()
    Invoice.objects.filter(pk=invoice.pk).change(issued_at=at(-2))

    assert run(-1) == []
    assert run(7) == ["Reminder"]


# ── Days are the organisation's ──


@pytest.mark.parametrize(
    ("zone", "not_yet", "now_it_is"),
    [
        # Midnight of 8 February there, in UTC.
        ("Pacific/Auckland", at(6, 10), at(6, 11)),
        ("America/New_York", at(7, 4), at(7, 5)),
        ("UTC", at(6, 23), at(7, 0)),
    ],
)
def test_a_day_begins_where_the_organisation_is(zone, not_yet, now_it_is):
    profile.update_organisation(organisation(), timezone=zone, actor=SYSTEM)
    owed()

    assert planned_reminders(now=not_yet) == []
    assert len(planned_reminders(now=now_it_is)) == 1


def test_across_the_change_of_clocks_a_level_is_sent_once():
    profile.update_organisation(organisation(), timezone="Europe/Berlin", actor=SYSTEM)
    customer = make_customer(email="jane@example.com")
    make_invoice(customer=customer, due_date=datetime.date(2024, 3, 24))

    # 31 March 2024 has 23 hours there.
    hours = [datetime.datetime(2024, 3, 30, 12, tzinfo=datetime.UTC)]
    hours += [hours[0] + datetime.timedelta(hours=hour) for hour in range(1, 48)]
    sent = [now for now in hours if send_reminders(now=now, actor=SYSTEM)]

    assert sent == [datetime.datetime(2024, 3, 30, 23, tzinfo=datetime.UTC)]


def test_the_worker_reminds_by_day_only(monkeypatch):
    berlin = profile.update_organisation(organisation(), timezone="Europe/Berlin", actor=SYSTEM)

    hours = [hour for hour in range(24) if reminders.is_time_to_remind(berlin, now=at(7, hour))]

    assert hours == list(range(7, 17))


def test_the_worker_sends_what_is_due():
    customer = make_customer(email="jane@example.com")
    make_invoice(customer=customer, due_date=datetime.date(2024, 2, 1))
    profile.update_organisation(organisation(), timezone=zone_where_it_is_noon(), actor=SYSTEM)

    remind_customers()
    remind_customers()

    assert len(subjects()) == 1


def zone_where_it_is_noon() -> str:
    offset = 12 - datetime.datetime.now(datetime.UTC).hour
    # The names count the other way round.
    return f"Etc/GMT{-offset:+d}" if offset else "UTC"


# ── Late fees ──


def test_no_fee_is_charged_by_itself():
    owed()

    assert planned_reminders(now=at(35))[0].fee == 0
    run(35)

    assert Invoice.objects.count() == 1


def test_a_fee_is_an_invoice_of_its_own_without_tax_linked_and_mailed_along(api):
    level_of(21, fee_amount=Decimal("10.00"), fee_percent=Decimal("1.5"))
    invoice = owed("100.00", tax_rate=19)

    assert planned_reminders(now=at(21))[0].fee == Decimal("11.79")
    run(21)

    fee = Invoice.objects.get(late_fee_for=invoice)
    assert (fee.amount, fee.tax, fee.status, fee.date) == (
        Decimal("11.79"),
        0,
        "Unpaid",
        at(21).date(),
    )
    assert fee.items.get().description == f"Late fee for invoice {invoice.number}"
    assert Reminder.objects.get().fee == fee
    assert api.get(f"/invoices/{fee.pk}").data["late_fee_for_id"] == invoice.pk
    mail = OutgoingMail.objects.get()
    assert f"we charge $11.79, see the attached invoice {fee.number}" in mail.body
    assert [file.name for file in mail.attachments.all()] == [
        f"{invoice.number}.pdf",
        f"{fee.number}.pdf",
    ]
    invoice.refresh_from_db()
    assert (invoice.amount, invoice.balance) == (Decimal(119), Decimal(119))
    assert findings() == []


def test_a_fee_on_a_fee_is_never_charged():
    level_of(7, fee_amount=Decimal("10.00"))
    owed()
    run(7)
    fee = Invoice.objects.exclude(late_fee_for=None).get()
    Invoice.objects.filter(pk=fee.pk).change(due_date=DUE)

    assert run(9) == ["Reminder"]

    assert Invoice.objects.count() == 2


def test_a_fee_that_cannot_be_booked_stops_that_reminder_alone_and_says_why():
    level_of(7, fee_amount=Decimal("10.00"))
    owed()
    close_period(at(8).date())
    before = JournalEntry.objects.count()

    (outcome,) = send_reminders(now=at(7), actor=SYSTEM)

    assert "closed" in outcome.skipped
    assert (subjects(), Reminder.objects.count(), Invoice.objects.count()) == ([], 0, 1)
    assert JournalEntry.objects.count() == before
    assert run(9) == ["Reminder"]


def test_a_level_before_the_due_date_can_have_no_fee():
    with pytest.raises(Invalid) as refused:
        level_of(-3, fee_amount=Decimal("1.00"))

    assert list(refused.value.errors) == ["fee_amount"]


# ── All or nothing, and once ──


def test_a_crash_before_the_commit_leaves_nothing_and_the_next_run_sends_it(monkeypatch):
    level_of(7, fee_amount=Decimal("10.00"))
    owed()

    class Killed(BaseException):
        pass

    def die(*args, **options):
        raise Killed

    monkeypatch.setattr(reminders, "record_event", die)
    with pytest.raises(Killed):
        run(7)
    assert (subjects(), Reminder.objects.count(), Invoice.objects.count()) == ([], 0, 1)
    monkeypatch.undo()

    assert run(7) == ["Reminder"]
    assert (len(subjects()), Reminder.objects.count(), Invoice.objects.count()) == (1, 1, 2)


def test_one_invoice_that_cannot_be_printed_does_not_keep_the_others_waiting(monkeypatch):
    broken, fine = owed(), owed()
    print_it = reminders.paper_of

    def paper_of(invoice, *, seller):
        if invoice.pk == broken.pk:
            raise ZeroDivisionError("of all things")
        return print_it(invoice, seller=seller)

    monkeypatch.setattr(reminders, "paper_of", paper_of)
    outcomes = send_reminders(now=at(7), actor=SYSTEM)

    assert [(each.invoice.pk, each.skipped) for each in outcomes] == [
        (broken.pk, "ZeroDivisionError: of all things"),
        (fine.pk, ""),
    ]


def test_what_can_never_be_sent_takes_no_place_of_a_run_from_the_others(monkeypatch):
    broken, fine, later = owed(), owed(), owed()
    print_it = reminders.paper_of

    def paper_of(invoice, *, seller):
        if invoice.pk == broken.pk:
            raise ZeroDivisionError("of all things")
        return print_it(invoice, seller=seller)

    monkeypatch.setattr(reminders, "paper_of", paper_of)
    outcomes = send_reminders(now=at(7), actor=SYSTEM, limit=1)

    assert [outcome.invoice.pk for outcome in outcomes if not outcome.skipped] == [fine.pk]
    assert not Reminder.objects.filter(invoice=later).exists()


def test_a_payment_that_comes_while_the_paper_is_printed_stops_the_reminder(monkeypatch):
    invoice = owed()
    print_it = reminders.paper_of

    def pay_meanwhile(each, *, seller):
        payments.pay_invoice(invoice, amount=Decimal(100), date=DUE, actor=SYSTEM)
        return print_it(each, seller=seller)

    monkeypatch.setattr(reminders, "paper_of", pay_meanwhile)

    assert run(7) == []
    assert subjects() == []


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_workers_at_once_remind_once_and_charge_once():
    level_of(7, fee_amount=Decimal("10.00"))
    for _ in range(4):
        owed()

    at_once([lambda: run(7)] * 3)

    assert Reminder.objects.count() == 4
    assert len(subjects()) == 4
    assert Invoice.objects.exclude(late_fee_for=None).count() == 4
    assert findings() == []


# ── Levels and texts ──


def test_a_level_that_was_used_is_switched_off_and_not_removed():
    owed()
    run(7)

    with pytest.raises(LevelInUse):
        delete_reminder_level(level_of(7), actor=SYSTEM)
    level_of(7, active=False)
    delete_reminder_level(level_of(35), actor=SYSTEM)

    assert run(40) == ["Second reminder"]


def test_a_level_whose_days_change_is_not_sent_again():
    owed()
    run(7)
    level_of(7, days=10)

    assert run(10) == []


def test_two_levels_cannot_be_of_one_day():
    with pytest.raises(Invalid) as refused:
        create_reminder_level(name="Another", days=7, actor=SYSTEM)

    assert refused.value.errors == {"days": "Reminder is sent on this day already"}


def test_a_text_of_ones_own_is_used_and_a_wrong_placeholder_refused():
    with pytest.raises(Invalid) as refused:
        level_of(7, body="Pay {{ now }}")
    assert list(refused.value.errors) == ["body"]
    level_of(7, subject="{{ invoice_number }}!", body="{{ days }} days late")
    invoice = owed()

    run(9)

    mail = OutgoingMail.objects.get()
    assert (mail.subject, mail.body) == (f"{invoice.number}!", "9 days late")


def test_a_text_as_the_products_own_is_not_kept():
    template = MailTemplate.objects.get(kind="invoice")
    update_mail_template(template, subject="Hello", actor=SYSTEM)
    said = "Invoice {{ invoice_number }} from {{ organisation_name }}"

    update_mail_template(template, subject=said, actor=SYSTEM)

    assert MailTemplate.objects.get(kind="invoice").subject == ""
    assert Event.objects.filter(type="mail_template.updated").count() == 2


# ── The operator's command ──


def test_the_command_previews_sends_and_does_nothing_the_second_time(capsys):
    customer = make_customer(email="jane@example.com")
    invoice = make_invoice(customer=customer, due_date=DUE)
    make_invoice(customer=make_customer(), due_date=DUE)

    call_command("send_reminders", "--preview")
    preview = capsys.readouterr().out
    assert subjects() == []
    call_command("send_reminders")
    call_command("send_reminders")

    assert f"{invoice.number}  Final reminder  jane@example.com" in preview
    assert "passed over: The customer has no e-mail address." in preview
    assert "Reminders that would be sent: 1; passed over: 1." in preview
    assert len(subjects()) == 1
    assert "Reminders sent: 0; passed over: 1." in capsys.readouterr().out
