"""Two pages of their own: the pipeline as a board, and what is to be done today."""

import re
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from bizsuite.backoffice.display import money
from bizsuite.backoffice.middleware import organisation_of
from bizsuite.backoffice.permissions import may
from bizsuite.errors import DomainError
from crm import leads, pipeline
from crm.admin.filters import MINE, NOBODYS, owned_by
from crm.display import TONES, due_day, stage_badge, url_of
from crm.models import Lead, Stage

EVERYBODYS = "all"
OWNERS = [
    (MINE, gettext_lazy("Mine")),
    (NOBODYS, gettext_lazy("Nobody's")),
    (EVERYBODYS, gettext_lazy("Everybody's")),
]
# The buttons of a card in each column: an icon and where it leads. Dragging reaches the others.
MOVES = {
    Stage.NEW: [("close", Stage.LOST), ("arrow_forward", Stage.CONTACTED)],
    Stage.CONTACTED: [
        ("arrow_back", Stage.NEW),
        ("close", Stage.LOST),
        ("arrow_forward", Stage.QUALIFIED),
    ],
    Stage.QUALIFIED: [
        ("arrow_back", Stage.CONTACTED),
        ("close", Stage.LOST),
        ("check", Stage.WON),
    ],
    Stage.WON: [("arrow_back", Stage.QUALIFIED)],
    Stage.LOST: [("restart_alt", Stage.NEW)],
}


class LeadPages:
    """For LeadAdmin: the board and My day."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("board/", view(self.board_view), name="crm_lead_board"),
            path("board/move/", view(self.move_view), name="crm_lead_move"),
            path("my-day/", view(self.my_day_view), name="crm_lead_my_day"),
            *super().get_urls(),
        ]

    # ── The board ────────────────────────────────────────────────────────────────
    def board_view(self, request: HttpRequest) -> HttpResponse:
        owner = request.GET.get("owner", EVERYBODYS)
        found = owned_by(Lead.objects.current(), owner, request.user.pk)
        columns = pipeline.columns(found.select_related("owner"))
        may_move = may(request, "write", self.resource)
        return self._page(
            request,
            "crm/board.html",
            title=_("Pipeline"),
            columns=[self._column(request, each, owner, may_move) for each in columns],
            owner=owner,
            may_move=may_move,
            move_url=reverse("admin:crm_lead_move"),
        )

    def _column(
        self, request: HttpRequest, column: pipeline.Column, owner: str, may_move: bool
    ) -> dict[str, Any]:
        filters = {"stage__exact": column.stage.value}
        if owner != EVERYBODYS:
            filters["owner"] = owner
        more = ngettext("%(count)d more", "%(count)d more", column.hidden)
        return {
            "stage": column.stage,
            "tone": TONES[column.stage],
            "count": column.count,
            "value": money(column.value, organisation_of(request).currency),
            "cards": [
                _card(request, lead)
                | {"moves": MOVES[column.stage] if may_move and lead.customer_id is None else []}
                for lead in column.leads
            ],
            "more": more % {"count": column.hidden} if column.hidden else "",
            "url": f"{self.list_url()}?{urlencode(filters)}",
        }

    def move_view(self, request: HttpRequest) -> HttpResponse:
        """Take a card to another column. Why one is lost is asked on a page of its own."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not may(request, "write", self.resource):
            raise PermissionDenied
        lead = self.get_object(request, request.POST.get("lead", ""))
        owner = request.POST.get("owner", EVERYBODYS)
        stage = request.POST.get("stage", "")
        if lead is None or stage not in Stage.values:
            messages.error(request, _("This lead is no longer there."))
        elif stage == Stage.LOST and lead.is_open:
            asks = reverse("admin:crm_lead_lose", args=[lead.pk])
            return redirect(f"{asks}?{urlencode({'back': 'board', 'owner': owner})}")
        else:
            self._move(request, lead, stage)
        return redirect(f"{reverse('admin:crm_lead_board')}?{urlencode({'owner': owner})}")

    def _move(self, request: HttpRequest, lead: Lead, stage: str) -> None:
        version = request.POST.get("version", "")
        try:
            with transaction.atomic():
                leads.update_lead(
                    lead,
                    stage=stage,
                    # What the person saw on the card, which may be an hour old.
                    if_version=int(version) if re.fullmatch("[0-9]{1,9}", version) else None,
                    actor=self.actor(request),
                )
        except DomainError as refusal:
            messages.error(request, f"{lead}: {refusal.message}")

    # ── My day ───────────────────────────────────────────────────────────────────
    def my_day_view(self, request: HttpRequest) -> HttpResponse:
        owner = request.GET.get("owner", MINE)
        today = organisation_of(request).today()
        found = owned_by(Lead.objects.all(), owner, request.user.pk)
        day = pipeline.day_of(found.select_related("owner"), today)
        sections = [
            (_("Overdue"), day.overdue),
            (_("Today"), day.today),
            (_("The next seven days"), day.coming),
        ]
        return self._page(
            request,
            "crm/my_day.html",
            title=_("My day"),
            sections=[
                (title, [_task(request, lead, owner) for lead in rows])
                for title, rows in sections
                if rows
            ],
            most=pipeline.MOST_TASKS,
            owner=owner,
            may_write=may(request, "write", self.resource),
        )

    def _page(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        site = self.admin_site.each_context(request)
        more = {"opts": self.opts, "owners": OWNERS, "add_url": reverse("admin:crm_lead_add")}
        return TemplateResponse(request, template, {**site, **more, **context})

    def back_from(self, request: HttpRequest, text: str) -> Any:
        """To the page where a button was pressed if it was one of these two; else the message."""
        pages = {"board": "admin:crm_lead_board", "my-day": "admin:crm_lead_my_day"}
        name = pages.get(request.GET.get("back", ""))
        if name is None:
            return text
        messages.success(request, text)
        query = {"owner": request.GET["owner"]} if "owner" in request.GET else {}
        return redirect(f"{reverse(name)}?{urlencode(query)}" if query else reverse(name))


def _card(request: HttpRequest, lead: Lead) -> dict[str, Any]:
    profile = organisation_of(request)
    return {
        "lead": lead,
        "url": url_of(lead.pk),
        "due": due_day(lead, profile.today()),
        "value": money(lead.expected_value, profile.currency) if lead.expected_value else "",
    }


def _task(request: HttpRequest, lead: Lead, owner: str) -> dict[str, Any]:
    contact = reverse("admin:crm_lead_log_contact", args=[lead.pk])
    return _card(request, lead) | {
        "badge": stage_badge(lead),
        # Dialled as it is only when it is a whole number, with its country.
        "call": lead.phone_key if lead.phone_key.startswith("+") else "",
        "contact_url": f"{contact}?{urlencode({'back': 'my-day', 'owner': owner})}",
    }
