from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from bizsuite.backoffice.display import moment
from bizsuite.backoffice.filters import DaysFilter
from bizsuite.backoffice.metadata import FOR_OTHER_SYSTEMS, MetadataMixin
from bizsuite.backoffice.permissions import may
from bizsuite.backoffice.record_actions import record_action
from bizsuite.backoffice.related import RelatedList
from bizsuite.backoffice.resource_admin import ResourceAdmin
from bizsuite.errors import NotFound
from customers.admin import CustomerAdmin
from customers.models import Customer
from support import replies, tickets
from support.admin.conversation import conversation_of, texts_to_pick
from support.admin.forms import CUSTOMER, INTERNAL, KINDS, ReplyForm, TakeForm, TicketForm
from support.admin.queues import PRESSING_FIRST, QueueFilter, queue_of, tabs
from support.departments import DEFAULT_DEPARTMENT
from support.display import priority_badge, status_badge, waiting
from support.downloads import attachment_response
from support.models import Attachment, Author, Status, Ticket
from support.models.tickets import ORDER_OF_PRIORITY
from support.serializers import TicketSerializer


@admin.register(Ticket)
class TicketAdmin(MetadataMixin, ResourceAdmin):
    """An agent's working place: the queues, and one page for a conversation and all about it."""

    resource = "tickets"
    serializer_class = TicketSerializer
    form = TicketForm
    delete_question = gettext_lazy(
        "All that was said on it goes too, with its files. Its number is not given again. A ticket "
        "that is done with is closed instead."
    )

    list_display = (
        "shown_number",
        "subject",
        "customer",
        "priority_shown",
        "state_badge",
        "assigned_to",
        "department",
        "waits",
    )
    list_display_links = ("shown_number", "subject")
    list_filter = (
        QueueFilter,
        "priority",
        ("department", admin.RelatedOnlyFieldListFilter),
        ("assignee", admin.RelatedOnlyFieldListFilter),
        ("customer", AutocompleteSelectFilter),
        ("created_at", DaysFilter),
    )
    list_before_template = "support/queues.html"
    search_help_text = gettext_lazy("Number, subject or customer, open or closed")
    autocomplete_fields = ("customer",)
    change_form_outer_before_template = "support/ticket.html"
    record_actions = ("reply", "assign_to_me", "wait", "close", "reopen")
    fieldsets = (
        (None, {"fields": ("subject", "priority", "department", "assignee")}),
        FOR_OTHER_SYSTEMS,
    )
    add_fieldsets = (
        (None, {"fields": ("customer", "subject", "message")}),
        (None, {"fields": ("priority", "department", "assignee")}),
        FOR_OTHER_SYSTEMS,
    )

    class Media:
        js = ("support/reply.js",)
        css = {"all": ("support/support.css",)}

    # ── The list ─────────────────────────────────────────────────────────────────
    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        return ("-id",) if queue_of(request) in ("closed", "all") else PRESSING_FIRST

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        queues = {"queues": tabs(request)} if self.has_view_permission(request) else {}
        return super().changelist_view(request, {**queues, **(extra_context or {})})

    @admin.display(description=gettext_lazy("number"), ordering="id")
    def shown_number(self, ticket: Ticket) -> SafeString:
        return format_html('<span class="ticket-number">{}</span>', ticket.number)

    @admin.display(description=gettext_lazy("priority"), ordering=ORDER_OF_PRIORITY)
    def priority_shown(self, ticket: Ticket) -> SafeString:
        return priority_badge(ticket)

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state_badge(self, ticket: Ticket) -> SafeString:
        return status_badge(ticket)

    @admin.display(description=gettext_lazy("assignee"), ordering="assignee__name")
    def assigned_to(self, ticket: Ticket) -> str:
        return str(ticket.assignee or "–")

    @admin.display(description=gettext_lazy("waiting"), ordering="waiting_since")
    def waits(self, ticket: Ticket) -> SafeString | str:
        return waiting(ticket, now=timezone.now())

    # ── One ticket ───────────────────────────────────────────────────────────────
    def get_fieldsets(self, request: HttpRequest, obj: Ticket | None = None) -> Any:
        return self.fieldsets if obj else self.add_fieldsets

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial = {"department": DEFAULT_DEPARTMENT}
        return initial | super().get_changeform_initial_data(request)

    def summary(self, request: HttpRequest, record: Ticket) -> list[tuple[Any, Any]]:
        figures = [
            (_("Status"), status_badge(record)),
            (_("Priority"), priority_badge(record)),
            (_("Customer"), self._customer_link(request, record.customer)),
            (_("Opened"), moment(record.created_at)),
            (_("First response"), moment(record.first_response_at)),
        ]
        if record.waiting_since is not None:
            figures.append((_("Waiting for us"), self.waits(record)))
        if record.resolved_at is not None:
            figures.append((_("Resolved"), moment(record.resolved_at)))
        return figures

    def _customer_link(self, request: HttpRequest, customer: Customer) -> SafeString | str:
        if not may(request, "read", "customers"):
            return str(customer)
        url = reverse("admin:customers_customer_change", args=[customer.pk])
        return format_html('<a href="{}">{}</a>', url, customer)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        record = kwargs.get("obj")
        # One button: what comes next is the conversation.
        context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        if record is not None:
            offered = self._offered(request, record)
            context |= {
                "conversation": conversation_of(record),
                "moves": [move for move in offered if move["name"] != "reply"],
                "reply_url": self._action_url("reply", record) if offered else "",
                "kinds": KINDS,
                "canned": texts_to_pick(record, request) if offered else (),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def offered_actions(self, request: HttpRequest, record: Ticket) -> list[dict[str, Any]]:
        """None in the header: the buttons are with the conversation, and act at once."""
        return []

    def _offered(self, request: HttpRequest, record: Ticket) -> list[dict[str, Any]]:
        actions = [self._record_action(name) for name in self.record_actions]
        return [
            {
                "name": action.name,
                "label": action.label,
                "icon": action.icon,
                "url": self._action_url(action.name, record),
            }
            for action in actions
            if self.may_run(request, action)
            and action.when(record)
            and not (action.name == "assign_to_me" and record.assignee_id == request.user.pk)
        ]

    def _action_url(self, name: str, record: Ticket) -> str:
        return reverse(f"admin:{self._url_name(name)}", args=[record.pk])

    # ── Files ────────────────────────────────────────────────────────────────────
    def get_urls(self) -> list[URLPattern]:
        file = path(
            "<int:ticket_id>/files/<int:attachment_id>/",
            self.admin_site.admin_view(self.file_view),
            name="support_ticket_file",
        )
        return [file, *super().get_urls()]

    def file_view(self, request: HttpRequest, ticket_id: int, attachment_id: int) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        # ticket__id: by the relation itself, SQLite fails on a number beyond its integers.
        attachment = get_object_or_404(Attachment, ticket__id=ticket_id, pk=attachment_id)
        try:
            return attachment_response(request, attachment)
        except NotFound as error:
            raise Http404(error.message) from None

    # ── Saving ───────────────────────────────────────────────────────────────────
    def create_record(self, request: HttpRequest, data: dict[str, Any]) -> Ticket:
        return tickets.create_ticket(actor=self.actor(request), **data)

    def update_record(self, request: HttpRequest, record: Ticket, changes: dict[str, Any]) -> None:
        tickets.update_ticket(record, actor=self.actor(request), **changes)

    def delete_record(self, request: HttpRequest, record: Ticket) -> bool:
        tickets.delete_ticket(record, actor=self.actor(request))
        return True

    def response_add(
        self, request: HttpRequest, obj: Ticket, post_url_continue: str | None = None
    ) -> HttpResponse:
        self.message_user(request, _("%(number)s is open.") % {"number": obj})
        return redirect(self.url_of(obj))

    def response_change(self, request: HttpRequest, obj: Ticket) -> HttpResponse:
        self.message_user(request, _("%(number)s is changed.") % {"number": obj})
        return redirect(self.url_of(obj))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ticket]:
        return super().get_queryset(request).select_related("customer", "department", "assignee")

    # ── Buttons ──────────────────────────────────────────────────────────────────
    @record_action(label=gettext_lazy("Reply"), icon="reply", form_class=ReplyForm, primary=True)
    def reply(self, request: HttpRequest, record: Ticket, data: dict[str, Any]) -> str:
        actor, kind = self.actor(request), data["kind"]
        said = replies.add_reply(
            record,
            message=data["message"],
            author=Author.CUSTOMER if kind == CUSTOMER else Author.STAFF,
            internal=kind == INTERNAL,
            attachments=[{"name": file.name, "content": file.read()} for file in data["files"]],
            actor=actor,
        )
        if data["then_close"] and record.status != Status.CLOSED:
            tickets.close_ticket(record, actor=actor)
        if said.mail_message_id:
            return _("On its way to %(address)s.") % {"address": record.customer.email}
        return _("The note is kept.") if said.internal else _("The reply is kept.")

    @record_action(
        label=gettext_lazy("Assign to me"),
        icon="person_add",
        question=gettext_lazy("It is yours from then on."),
        form_class=TakeForm,
    )
    def assign_to_me(self, request: HttpRequest, record: Ticket, data: dict[str, Any]) -> str:
        tickets.take_ticket(
            record,
            assignee=request.user,
            instead_of=data["seen_assignee"],
            actor=self.actor(request),
        )
        return _("%(number)s is yours.") % {"number": record}

    @record_action(
        label=gettext_lazy("Wait for the customer"),
        icon="hourglass_top",
        question=gettext_lazy("It is pending until the customer replies or you reopen it."),
        when=lambda ticket: "wait" in tickets.allowed_moves(ticket),
    )
    def wait(self, request: HttpRequest, record: Ticket, data: dict[str, Any]) -> str:
        tickets.await_customer(record, actor=self.actor(request))
        return _("%(number)s waits for the customer.") % {"number": record}

    @record_action(
        label=gettext_lazy("Close"),
        icon="check_circle",
        question=gettext_lazy("It is resolved. A reply of the customer's opens it again."),
        when=lambda ticket: "close" in tickets.allowed_moves(ticket),
    )
    def close(self, request: HttpRequest, record: Ticket, data: dict[str, Any]) -> str:
        tickets.close_ticket(record, actor=self.actor(request))
        return _("%(number)s is closed.") % {"number": record}

    @record_action(
        label=gettext_lazy("Reopen"),
        icon="undo",
        question=gettext_lazy("It waits for us again."),
        when=lambda ticket: "reopen" in tickets.allowed_moves(ticket),
    )
    def reopen(self, request: HttpRequest, record: Ticket, data: dict[str, Any]) -> str:
        tickets.reopen_ticket(record, actor=self.actor(request))
        return _("%(number)s is open again.") % {"number": record}


def tickets_of(request: HttpRequest, customer: Customer) -> list[tuple[Any, Any]]:
    """For the customer's page."""
    if not may(request, "read", "tickets"):
        return []
    unresolved = customer.tickets.unresolved().count()
    return [(_("Unresolved tickets"), unresolved)] if unresolved else []


CustomerAdmin.announce(
    RelatedList(
        gettext_lazy("Tickets"),
        "support_agent",
        "tickets",
        "support_ticket_changelist",
        "queue=all&customer__id__exact",
    ),
    figures=tickets_of,
)
TicketAdmin.announce(
    RelatedList(
        gettext_lazy("Mails"),
        "outgoing_mail",
        "mail",
        "mail_outgoingmail_changelist",
        "resource=ticket&object_id",
    )
)
