from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from bizsuite.backoffice.display import moment
from bizsuite.backoffice.filters import DaysFilter
from bizsuite.backoffice.permissions import may
from bizsuite.backoffice.record_actions import record_action
from bizsuite.backoffice.record_links import page_of
from bizsuite.backoffice.resource_admin import ReadOnlyAdmin
from bizsuite.backoffice.selections import ask_about_selection, is_confirmed
from bizsuite.errors import Conflict
from webhooks import replaying
from webhooks.admin.buttons import is_receiving
from webhooks.admin.display import (
    address,
    delivery_badge,
    in_words,
    next_try,
    two_lines,
)
from webhooks.admin.exchanges import answer_of, request_of
from webhooks.admin.filters import EndpointFilter, EventFilter
from webhooks.models import Delivery, DeliveryStatus

# Sent again at once; a replay is for more.
MOST_AT_ONCE = 500


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """What was sent, what is waiting, and what came back."""

    resource = "webhooks"
    has_history = False

    list_display = (
        "created",
        "what",
        "where",
        "state_badge",
        "count_attempts",
        "last_answer",
        "next_attempt",
    )
    list_filter = ("status", EndpointFilter, EventFilter, ("created_at", DaysFilter))
    search_help_text = gettext_lazy("Record, such as invoice 17, or message id")
    actions = ("resend_chosen",)
    record_actions = ("resend",)
    change_form_outer_before_template = "webhooks/delivery.html"

    class Media:
        css = {"all": ("webhooks/webhooks.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        return super().get_queryset(request).select_related("event", "endpoint")

    # ── The list ─────────────────────────────────────────────────────────────────
    @admin.display(description=gettext_lazy("created"), ordering="id")
    def created(self, delivery: Delivery) -> str:
        return moment(delivery.created_at)

    @admin.display(description=gettext_lazy("event"))
    def what(self, delivery: Delivery) -> SafeString:
        return two_lines(delivery.event.type, _record_name(delivery))

    @admin.display(description=gettext_lazy("webhook"), ordering="endpoint")
    def where(self, delivery: Delivery) -> SafeString:
        return address(delivery.endpoint.url)

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state_badge(self, delivery: Delivery) -> SafeString:
        return delivery_badge(delivery)

    @admin.display(description=gettext_lazy("attempts"), ordering="attempts")
    def count_attempts(self, delivery: Delivery) -> int:
        return delivery.attempts

    @admin.display(description=gettext_lazy("last answer"), ordering="response_status")
    def last_answer(self, delivery: Delivery) -> SafeString | str:
        if delivery.response_status is not None:
            return str(delivery.response_status)
        if not delivery.error:
            return "–"
        return format_html('<span class="delivery-error" title="{0}">{0}</span>', delivery.error)

    @admin.display(description=gettext_lazy("next try"), ordering="next_attempt_at")
    def next_attempt(self, delivery: Delivery) -> SafeString | str:
        return next_try(delivery, now=timezone.now())

    # ── One delivery ─────────────────────────────────────────────────────────────
    def get_fieldsets(self, request: HttpRequest, obj: Delivery | None = None) -> Any:
        """None: the page shows a delivery in its own way."""
        return []

    def summary(self, request: HttpRequest, record: Delivery) -> list[tuple[Any, Any]]:
        now = timezone.now()
        figures = [
            (_("Status"), delivery_badge(record)),
            (_("Event"), record.event.type),
            (_("Record"), self._record_link(request, record)),
            (_("Webhook"), self._endpoint_link(record)),
            (_("Attempts"), record.attempts),
        ]
        if record.next_attempt_at is not None:
            figures.append((_("Next try"), next_try(record, now=now)))
        if record.delivered_at is not None:
            figures.append((_("Delivered"), in_words(record.delivered_at, now=now)))
        if record.failed_at is not None:
            figures.append((_("Given up"), in_words(record.failed_at, now=now)))
        return figures

    def _record_link(self, request: HttpRequest, delivery: Delivery) -> SafeString | str:
        name, event = _record_name(delivery), delivery.event
        url = page_of(request, event.resource, event.object_id)
        return format_html('<a href="{}">{}</a>', url, name) if url else name

    def _endpoint_link(self, delivery: Delivery) -> SafeString:
        url = reverse("admin:webhooks_webhookendpoint_change", args=[delivery.endpoint_id])
        return format_html('<a href="{}">{}</a>', url, address(delivery.endpoint.url))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        delivery = kwargs.get("obj")
        if delivery is not None:
            attempts = list(delivery.attempt_log.order_by("-number"))
            context |= {
                "delivery": delivery,
                "answers": [answer_of(attempt) for attempt in attempts],
                "sent": request_of(delivery, attempts[0] if attempts else None),
            }
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    # ── Sending again ────────────────────────────────────────────────────────────
    @record_action(
        label=gettext_lazy("Send again"),
        icon="replay",
        question=gettext_lazy("Now, under the same id, with a fresh schedule of retries."),
        when=lambda delivery: is_receiving(delivery.endpoint) and delivery.event.erased_by is None,
    )
    def resend(self, request: HttpRequest, record: Delivery, data: dict[str, Any]) -> str:
        replaying.resend_delivery(record, now=timezone.now(), actor=self.actor(request))
        return _("The message is on its way again.")

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return may(request, "write", self.resource)

    @admin.action(description=gettext_lazy("Send again"), permissions=["resend"])
    def resend_chosen(
        self, request: HttpRequest, queryset: QuerySet[Delivery]
    ) -> HttpResponse | None:
        if not self.has_resend_permission(request):
            raise PermissionDenied
        chosen = list(queryset.order_by("event_id")[: MOST_AT_ONCE + 1])
        if len(chosen) > MOST_AT_ONCE:
            text = _("Choose at most %(count)d messages; for more, use the webhook's replay.")
            messages.error(request, text % {"count": MOST_AT_ONCE})
            return None
        if not is_confirmed(request):
            return self._ask_whether_to_resend(request, chosen)
        self._resend_each(request, chosen)
        return HttpResponseRedirect(request.get_full_path())

    def _ask_whether_to_resend(
        self, request: HttpRequest, chosen: list[Delivery]
    ) -> TemplateResponse:
        count = len(chosen)
        arrived = sum(each.status == DeliveryStatus.SUCCEEDED for each in chosen)
        question = _("Now, under the same ids, with a fresh schedule of retries.")
        if arrived:
            twice = ngettext(
                "%(count)d of them arrived already: its receiver gets it a second time.",
                "%(count)d of them arrived already: their receivers get them a second time.",
                arrived,
            )
            question = f"{question} {twice % {'count': arrived}}"
        title = ngettext("Send %(count)d message again?", "Send %(count)d messages again?", count)
        return ask_about_selection(
            self,
            request,
            [_told(each) for each in chosen],
            action="resend_chosen",
            title=title % {"count": count},
            question=question,
            button=_("Send again"),
        )

    def _resend_each(self, request: HttpRequest, chosen: list[Delivery]) -> None:
        """Each by itself: one that is being sent at this moment does not hold the others back."""
        refusals = [text for text in (self._resend_one(request, each) for each in chosen) if text]
        sent = len(chosen) - len(refusals)
        if sent:
            text = ngettext(
                "%(count)d message is on its way again.",
                "%(count)d messages are on their way again.",
                sent,
            )
            messages.success(request, text % {"count": sent})
        for text in dict.fromkeys(refusals):
            messages.warning(request, text)

    def _resend_one(self, request: HttpRequest, delivery: Delivery) -> str:
        """Why it was refused, or nothing."""
        try:
            with transaction.atomic():
                replaying.resend_delivery(delivery, now=timezone.now(), actor=self.actor(request))
        except Conflict as refusal:
            return str(refusal.message)
        return ""


def _told(delivery: Delivery) -> str:
    """`invoice.paid, invoice 17 → shop.example/hook: Succeeded`."""
    message = f"{delivery.event.type}, {_record_name(delivery)} → {delivery.endpoint}"
    return f"{message}: {delivery.get_status_display()}"


def _record_name(delivery: Delivery) -> str:
    """`invoice 17`."""
    return f"{delivery.event.resource.replace('_', ' ')} {delivery.event.object_id}"
