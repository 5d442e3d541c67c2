from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bizsuite.backoffice.display import badge, moment
from bizsuite.backoffice.record_actions import record_action
from bizsuite.backoffice.resource_admin import ReadOnlyAdmin, RelatedInline
from bizsuite.mail import mails
from bizsuite.mail.models import CAPTURED, MailAttachment, MailStatus, OutgoingMail
from bizsuite.mail.sending import leaves_the_house, transport

TONES = {
    MailStatus.QUEUED: "info",
    MailStatus.SENT: "success",
    MailStatus.FAILED: "danger",
}


class AttachmentInline(RelatedInline):
    model = MailAttachment
    resource = "mail"
    fields = ("name", "content_type")
    readonly_fields = fields
    show_change_link = False
    verbose_name_plural = gettext_lazy("Attachments")


@admin.register(OutgoingMail)
class MailAdmin(ReadOnlyAdmin):
    """What was written to customers: what left, what waits, and what was given up."""

    resource = "mail"
    event_resource = "mail"

    list_display = (
        "written",
        "to_address",
        "subject",
        "state_badge",
        "count_attempts",
        "last_error",
        "next_try",
    )
    list_filter = ("status",)
    search_help_text = gettext_lazy("Address or subject")
    record_actions = ("retry",)
    inlines = (AttachmentInline,)
    fieldsets = (
        (None, {"fields": ("to_address", "from_address", "subject", "text")}),
        (
            gettext_lazy("Details"),
            {"fields": ("record", "message_id", "last_error"), "classes": ("collapse",)},
        ),
    )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method == "GET" and not leaves_the_house() and transport() != CAPTURED:
            text = _(
                "No mail server is set (EMAIL_URL): mails are kept here and written to files, and "
                "none leaves this machine."
            )
            messages.warning(request, text)
        return super().changelist_view(request, extra_context)

    @admin.display(description=gettext_lazy("written"), ordering="id")
    def written(self, mail: OutgoingMail) -> str:
        return moment(mail.created_at)

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state_badge(self, mail: OutgoingMail) -> SafeString:
        if mail.sent_through == CAPTURED:
            return badge(_("Captured"), "info")
        if mail.stayed_here:
            return badge(_("Kept here, not sent"), "warning")
        return badge(mail.get_status_display(), TONES[MailStatus(mail.status)])

    @admin.display(description=gettext_lazy("attempts"), ordering="attempts")
    def count_attempts(self, mail: OutgoingMail) -> int:
        return mail.attempts

    @admin.display(description=gettext_lazy("next try"), ordering="next_attempt_at")
    def next_try(self, mail: OutgoingMail) -> str:
        return moment(mail.next_attempt_at)

    @admin.display(description=gettext_lazy("text"))
    def text(self, mail: OutgoingMail) -> SafeString:
        return format_html('<div class="mail-text">{}</div>', mail.body)

    @admin.display(description=gettext_lazy("about"))
    def record(self, mail: OutgoingMail) -> str:
        return f"{mail.resource} {mail.object_id}"

    def get_inlines(self, request: HttpRequest, obj: OutgoingMail | None) -> Any:
        """No table of files where there are none."""
        return self.inlines if obj and obj.attachments.exists() else ()

    def summary(self, request: HttpRequest, record: OutgoingMail) -> list[tuple[Any, Any]]:
        figures = [
            (_("Status"), self.state_badge(record)),
            (_("Written"), self.written(record)),
            (_("Attempts"), record.attempts),
        ]
        if record.sent_at is not None:
            figures += [(_("Sent"), moment(record.sent_at)), (_("Through"), record.sent_through)]
        if record.next_attempt_at is not None:
            figures.append((_("Next try"), self.next_try(record)))
        if record.last_error:
            figures.append((_("Last error"), record.last_error))
        return figures

    @record_action(
        label=gettext_lazy("Send again"),
        icon="replay",
        question=gettext_lazy("Now, under the same id, with a fresh schedule of retries."),
        when=lambda mail: mail.status == MailStatus.FAILED,
        primary=True,
    )
    def retry(self, request: HttpRequest, record: OutgoingMail, data: dict[str, Any]) -> str:
        mails.retry_mail(record, now=timezone.now(), actor=self.actor(request))
        return _("The mail is on its way again.")
