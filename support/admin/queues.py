"""The queues of the ticket list: what an agent looks for first."""

from typing import Any

from django.contrib import admin
from django.db.models import Case, Count, F, Q, QuerySet, Value, When
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from support.models import Status, Ticket
from support.models.tickets import ORDER_OF_PRIORITY

UNRESOLVED = "unresolved"
TITLES = {
    UNRESOLVED: _("Unresolved"),
    "mine": _("Mine"),
    "unassigned": _("Unassigned"),
    "waiting": _("Waiting for us"),
    "pending": _("Waiting for the customer"),
    "closed": _("Closed"),
    "all": _("All"),
}
# Of the others nobody asks how many there are, and counting them takes ever longer.
COUNTED = (UNRESOLVED, "mine", "unassigned", "waiting", "pending")
# Our turn before the customer's, the most urgent first, of these the one that has waited longest.
PRESSING_FIRST = (
    Case(When(waiting_since=None, then=Value(1)), default=Value(0)),
    ORDER_OF_PRIORITY.desc(),
    F("waiting_since").asc(nulls_last=True),
)


def queue_of(request: HttpRequest) -> str:
    """The queue that is looked at. Who searches looks everywhere unless they say where."""
    asked = request.GET.get("queue", "")
    if asked in TITLES:
        return asked
    return "all" if request.GET.get("q", "").strip() else UNRESOLVED


def condition(queue: str, user_id: int) -> Q:
    unresolved = ~Q(status=Status.CLOSED)
    return {
        UNRESOLVED: unresolved,
        "mine": unresolved & Q(assignee=user_id),
        "unassigned": unresolved & Q(assignee=None),
        "waiting": Q(status=Status.OPEN),
        "pending": Q(status=Status.PENDING),
        "closed": Q(status=Status.CLOSED),
        "all": Q(),
    }[queue]


class QueueFilter(admin.SimpleListFilter):
    title = _("queue")
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        self.queue, self.user_id = queue_of(request), request.user.pk
        return list(TITLES.items())

    def choices(self, changelist: Any) -> Any:
        for key, title in TITLES.items():
            yield {
                "selected": key == self.queue,
                "query_string": changelist.get_query_string({self.parameter_name: key}),
                "display": title,
            }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> QuerySet[Ticket]:
        return queryset.filter(condition(self.queue, self.user_id))


def tabs(request: HttpRequest) -> list[dict[str, Any]]:
    """Above the list: each queue with how much is in it, whatever else is filtered."""
    user_id, current = request.user.pk, queue_of(request)
    counts = Ticket.objects.unresolved().aggregate(
        **{name: Count("pk", filter=condition(name, user_id)) for name in COUNTED}
    )
    return [
        {
            "title": title,
            "link": f"?queue={key}",
            "current": key == current,
            "count": counts.get(key),
        }
        for key, title in TITLES.items()
    ]
