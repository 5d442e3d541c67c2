"""Pages on which the texts of mails are written, tried out and tested."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from billing.mailing.letters import sender_of
from billing.mailing.mail_templates import update_mail_template
from billing.mailing.samples import sample_mail, send_sample
from billing.mailing.texts import Text, kind_of, text_of
from billing.mailing.words import PLACEHOLDERS
from billing.models import MailTemplate, ReminderLevel
from bizsuite.backoffice.display import badge, moment
from bizsuite.backoffice.forms import RecordForm
from bizsuite.backoffice.middleware import organisation_of
from bizsuite.backoffice.permissions import may
from bizsuite.backoffice.record_actions import record_action
from bizsuite.backoffice.resource_admin import ResourceAdmin
from bizsuite.errors import Invalid

PREVIEW_PAGE = "billing_mail_preview"


class TextForm(RecordForm):
    """Shows the text that is sent, whoever wrote it: the product or somebody here."""

    class Meta:
        widgets = {
            "subject": UnfoldAdminTextInputWidget,
            "body": UnfoldAdminTextareaWidget(attrs={"rows": 16}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            text = text_of(self.instance)
            self.initial |= {"subject": text.subject, "body": text.body}
        if "body" in self.fields:
            self.fields["body"].help_text = _("Left empty, it is the product's own text again.")


class WritesTextsMixin:
    """For pages with a subject and a body: the placeholders beside them, and the buttons."""

    form = TextForm
    change_form_after_template = "billing/mail_text.html"

    def kind_on_page(self, record: Any) -> str:
        raise NotImplementedError

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        kind = self.kind_on_page(kwargs.get("obj"))
        context |= {
            "placeholders": PLACEHOLDERS[kind],
            "preview_url": reverse(f"admin:{PREVIEW_PAGE}", args=[kind]),
            "may_test": may(request, "write", "mail-templates"),
        }
        return super().render_change_form(request, context, *args, **kwargs)


@admin.register(MailTemplate)
class MailTemplateAdmin(WritesTextsMixin, ResourceAdmin):
    """The texts of mails, one for each kind."""

    resource = "mail-templates"
    event_resource = "mail_template"
    searchable = False
    offers_add = False
    offers_delete = False
    actions = ()

    list_display = ("kind", "shown_subject", "whose", "changed")
    record_actions = ("restore",)
    fieldsets = ((None, {"fields": ("subject", "body")}),)

    def kind_on_page(self, record: MailTemplate) -> str:
        return kind_of(record)

    @admin.display(description=gettext_lazy("subject"))
    def shown_subject(self, template: MailTemplate) -> str:
        return text_of(template).subject

    @admin.display(description=gettext_lazy("text"))
    def whose(self, template: MailTemplate) -> SafeString:
        own = _is_own(template)
        return badge(_("Your own"), "info") if own else badge(_("As delivered"), "quiet")

    @admin.display(description=gettext_lazy("last changed"))
    def changed(self, template: MailTemplate) -> str:
        return moment(template.updated_at) if template.version > 1 else "–"

    def update_record(
        self, request: HttpRequest, record: MailTemplate, changes: dict[str, Any]
    ) -> None:
        update_mail_template(record, actor=self.actor(request), **changes)

    @record_action(
        label=gettext_lazy("Back to the original text"),
        icon="restart_alt",
        question=gettext_lazy("Your own subject and text are lost."),
        when=lambda template: _is_own(template),
        danger=True,
    )
    def restore(self, request: HttpRequest, record: MailTemplate, data: dict[str, Any]) -> str:
        update_mail_template(record, actor=self.actor(request), subject="", body="")
        return _("It says what it said when it was delivered.")

    # ── How it reads ─────────────────────────────────────────────────────────────
    def get_urls(self) -> list[URLPattern]:
        preview = path(
            "preview/<str:kind>/",
            self.admin_site.admin_view(require_POST(self.preview_view)),
            name=PREVIEW_PAGE,
        )
        return [preview, *super().get_urls()]

    def preview_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        """The text that was typed, saved or not, as a customer would get it."""
        if not (may(request, "read", "mail-templates") and may(request, "read", "invoices")):
            raise PermissionDenied
        if kind not in PLACEHOLDERS:
            raise Http404
        typed = Text(request.POST.get("subject", ""), request.POST.get("body", ""))
        profile = organisation_of(request)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("How it reads"),
            "sender": sender_of(profile),
            "media": self.media,
        }
        days = request.POST.get("days", "")
        before_due = days.startswith("-") or days == "0"
        try:
            context["mail"] = mail = sample_mail(typed, kind, profile, before_due=before_due)
            if "_test" in request.POST and may(request, "write", "mail-templates"):
                with transaction.atomic():
                    send_sample(mail, to=request.user.email, profile=profile, now=timezone.now())
                text = _("A test is on its way to %(to)s.") % {"to": request.user.email}
                messages.success(request, text)
        except Invalid as refusal:
            context["errors"] = list(refusal.errors.values())
        return TemplateResponse(request, "billing/mail_preview.html", context)


def _is_own(row: MailTemplate | ReminderLevel) -> bool:
    return bool(row.subject or row.body)
