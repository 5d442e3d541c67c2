from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bizsuite.backoffice.display import badge, moment, pretty_json
from bizsuite.backoffice.record_actions import record_action
from bizsuite.backoffice.resource_admin import ReadOnlyAdmin, RelatedInline
from webhooks import replaying
from webhooks.models import Delivery, DeliveryAttempt, DeliveryStatus

TONES = {
    DeliveryStatus.PENDING: "info",
    DeliveryStatus.SUCCEEDED: "success",
    DeliveryStatus.FAILED: "danger",
}
SHOWN_OF_RESPONSE = 2000


class AttemptsInline(RelatedInline):
    model = DeliveryAttempt
    resource = "webhooks"
    fields = ("number", "started", "took", "answer", "body")
    readonly_fields = fields
    show_change_link = False
    verbose_name_plural = gettext_lazy("Attempts")

    @admin.display(description=gettext_lazy("started"))
    def started(self, attempt: DeliveryAttempt) -> str:
        return moment(attempt.started_at)

    @admin.display(description=gettext_lazy("took"))
    def took(self, attempt: DeliveryAttempt) -> str:
        return f"{attempt.duration_ms} ms"

    @admin.display(description=gettext_lazy("answer"))
    def answer(self, attempt: DeliveryAttempt) -> str:
        return str(attempt.response_status or attempt.error)

    @admin.display(description=gettext_lazy("body"))
    def body(self, attempt: DeliveryAttempt) -> SafeString | str:
        if not attempt.response:
            return "–"
        return format_html('<pre class="payload">{}</pre>', attempt.response[:SHOWN_OF_RESPONSE])


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """What was sent, what is waiting, and what came back."""

    resource = "webhooks"
    searchable = False
    has_history = False

    list_display = (
        "created",
        "kind",
        "endpoint",
        "state_badge",
        "count_attempts",
        "last_answer",
        "next_try",
    )
    list_filter = ("status", "endpoint")
    list_select_related = ("event", "endpoint")
    record_actions = ("resend",)
    inlines = (AttemptsInline,)
    fieldsets = (
        (None, {"fields": ("endpoint", "kind", "subject", "message_id")}),
        (gettext_lazy("Message"), {"fields": ("message",), "classes": ("collapse",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        return super().get_queryset(request).select_related("event", "endpoint")

    @admin.display(description=gettext_lazy("created"), ordering="id")
    def created(self, delivery: Delivery) -> str:
        return moment(delivery.created_at)

    @admin.display(description=gettext_lazy("event"))
    def kind(self, delivery: Delivery) -> SafeString:
        return badge(delivery.event.type, "info")

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state_badge(self, delivery: Delivery) -> SafeString:
        return badge(delivery.get_status_display(), TONES[DeliveryStatus(delivery.status)])

    @admin.display(description=gettext_lazy("attempts"), ordering="attempts")
    def count_attempts(self, delivery: Delivery) -> int:
        return delivery.attempts

    @admin.display(description=gettext_lazy("last answer"))
    def last_answer(self, delivery: Delivery) -> str:
        return str(delivery.response_status or delivery.error or "–")

    @admin.display(description=gettext_lazy("next try"), ordering="next_attempt_at")
    def next_try(self, delivery: Delivery) -> str:
        return moment(delivery.next_attempt_at)

    @admin.display(description=gettext_lazy("data"))
    def message(self, delivery: Delivery) -> SafeString:
        return pretty_json(delivery.event.payload)

    def summary(self, request: HttpRequest, record: Delivery) -> list[tuple[Any, Any]]:
        return [
            (_("Status"), self.state_badge(record)),
            (_("Attempts"), record.attempts),
            (_("Last answer"), self.last_answer(record)),
            (_("Next try"), self.next_try(record)),
            (_("Delivered"), moment(record.delivered_at)),
        ]

    @record_action(
        label=gettext_lazy("Send again"),
        icon="replay",
        question=gettext_lazy("Now, under the same id, with a fresh schedule of retries."),
        when=lambda delivery: delivery.endpoint.active,
    )
    def resend(self, request: HttpRequest, record: Delivery, data: dict[str, Any]) -> str:
        replaying.resend_delivery(record, now=timezone.now(), actor=self.actor(request))
        return _("The message is on its way again.")
