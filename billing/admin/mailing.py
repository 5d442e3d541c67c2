"""The button that mails a document, and the mails that went out about it."""

import re
from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from billing.mailing.documents import (
    RESOURCES,
    address_of,
    is_mailable,
    kind_of_mail,
    mail_document,
    paper_of,
    written_mail,
)
from billing.mailing.words import names_of
from billing.models.mailing import SUBJECT_LENGTH
from billing.serializers.mailing import LONGEST_MESSAGE, MOST_COPIES
from bizsuite.backoffice.display import badge, moment
from bizsuite.backoffice.middleware import organisation_of
from bizsuite.backoffice.permissions import may
from bizsuite.backoffice.record_actions import ActionForm, RecordAction, record_action
from bizsuite.identity.models import organisation
from bizsuite.mail.models import MailStatus, OutgoingMail
from bizsuite.mail.sending import leaves_the_house

# The latest of them; who wants more looks at the list of all mails.
SHOWN = 20
STATES = {
    MailStatus.QUEUED: (gettext_lazy("On its way"), "info"),
    MailStatus.SENT: (gettext_lazy("Sent"), "success"),
    MailStatus.FAILED: (gettext_lazy("Failed"), "danger"),
}
# Who reads "Sent" believes that the customer has it.
NOT_SENT = (gettext_lazy("Kept here, not sent"), "warning")


class AddressesField(forms.CharField):
    """Several addresses, with commas or line breaks between them."""

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        addresses = [each for each in re.split(r"[\s,;]+", value or "") if each]
        for address in addresses:
            try:
                validate_email(address)
            except ValidationError:
                raise ValidationError(
                    _("%(address)s is not an e-mail address.") % {"address": address}
                ) from None
        if len(addresses) > MOST_COPIES:
            raise ValidationError(_("At most %(most)s copies.") % {"most": MOST_COPIES})
        return addresses


class MailForm(ActionForm):
    """Written already, from the template; what is changed here is of this one mail."""

    to = forms.EmailField(
        label=gettext_lazy("To"),
        max_length=254,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "email"}),
    )
    cc = AddressesField(
        label=gettext_lazy("Copies to"),
        required=False,
        help_text=gettext_lazy("Several with commas between them; each gets a mail of their own."),
        widget=UnfoldAdminTextInputWidget,
    )
    subject = forms.CharField(
        label=gettext_lazy("Subject"), max_length=SUBJECT_LENGTH, widget=UnfoldAdminTextInputWidget
    )
    message = forms.CharField(
        label=gettext_lazy("Message"),
        max_length=LONGEST_MESSAGE,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 14}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        text = written_mail(self.record, organisation())
        self.initial = {
            "to": address_of(self.record),
            "subject": text.subject,
            "message": text.body,
        }
        if "link_notice" in names_of(kind_of_mail(self.record)):
            self.fields["message"].help_text = _(
                "{{ link_notice }} becomes a sentence with the link to the document's page."
            )


def mail_action(label: Any, question: Any) -> Callable[..., Any]:
    """The button `send_by_mail` of a page, in that page's words."""

    @record_action(
        label=label, icon="mail", question=question, form_class=MailForm, when=_is_mailable_today
    )
    def send_by_mail(self: Any, request: HttpRequest, record: Any, data: dict[str, Any]) -> str:
        paper = getattr(request, "paper", None)
        mail_document(record, actor=self.actor(request), now=timezone.now(), paper=paper, **data)
        if leaves_the_house():
            return _("The mail to %(to)s is on its way.") % {"to": data["to"]}
        return _("The mail to %(to)s is written. No mail server is set, so it does not leave.") % {
            "to": data["to"]
        }

    return send_by_mail  # type: ignore[no-any-return]


def _is_mailable_today(record: Any) -> bool:
    return is_mailable(record, organisation().today())


class MailsDocumentsMixin:
    """For admin classes of what can be mailed: they name `send_by_mail` in their record_actions."""

    change_form_outer_after_template = "billing/mails.html"

    def ask_and_run(
        self, request: HttpRequest, record: Any, action: RecordAction, method: Callable[..., Any]
    ) -> HttpResponse:
        """Print what is attached before the transaction opens."""
        if action.name == "send_by_mail" and request.method == "POST":
            request.paper = paper_of(record, seller=organisation_of(request))
        return super().ask_and_run(request, record, action, method)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        record = kwargs.get("obj")
        if record is not None:
            context["mails"] = mails_table(request, record)
        return super().render_change_form(request, context, *args, **kwargs)


def mails_table(request: HttpRequest, record: Any) -> dict[str, Any] | None:
    """What was written about a document, newest first; None if nothing was."""
    mails = OutgoingMail.objects.filter(
        resource=RESOURCES[type(record)], object_id=record.pk
    ).defer("body", "html_body")
    rows = [_row(mail, linked=may(request, "read", "mail")) for mail in mails[:SHOWN]]
    headers = [_("Written"), _("To"), _("Subject"), _("Status")]
    return {"headers": headers, "rows": rows} if rows else None


def _row(mail: OutgoingMail, *, linked: bool) -> list[Any]:
    subject: SafeString | str = mail.subject
    if linked:
        url = reverse("admin:mail_outgoingmail_change", args=[mail.pk])
        subject = format_html('<a href="{}">{}</a>', url, mail.subject)
    label, tone = NOT_SENT if mail.stayed_here else STATES[MailStatus(mail.status)]
    state = badge(label, tone)
    if mail.last_error:
        state = format_html("{} {}", state, mail.last_error)
    return [moment(mail.created_at), mail.to_address, subject, state]
