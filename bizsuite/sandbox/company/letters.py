"""What the customers were written: invoices by mail, and reminders of what is overdue."""

from decimal import Decimal

from billing.invoices import update_invoice
from billing.mailing.documents import mail_document
from billing.mailing.reminder_levels import update_reminder_level
from billing.mailing.reminders import planned_reminders, send_reminders
from billing.models import Invoice, ReminderLevel
from bizsuite.identity.models import organisation
from bizsuite.sandbox.company.story import Story
from bizsuite.team.profile import update_organisation

MAILED = 3
LATE_FEE = Decimal("15")


def write_letters(story: Story) -> None:
    """The latest invoices went out by mail. Of the overdue ones one is disputed, and of one the
    customer asked for more time; the others were reminded, the oldest with a fee."""
    update_organisation(organisation(), reminders_enabled=True, actor=story.actor)
    last = ReminderLevel.objects.order_by("-days")[0]
    update_reminder_level(last, fee_amount=LATE_FEE, actor=story.actor)
    for invoice in Invoice.objects.open().order_by("-date", "-pk")[:MAILED]:
        mail_document(invoice, now=story.now, actor=story.actor)
    *_others, patient, disputed = planned_reminders(now=story.now)
    update_invoice(disputed.invoice, disputed=True, actor=story.actor)
    update_invoice(patient.invoice, reminders_paused=True, actor=story.actor)
    send_reminders(now=story.now, actor=story.actor)
