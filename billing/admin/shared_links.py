"""Links under which customers see documents: making them, handing them out, taking them back."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from billing import shared_links
from billing.display import link_to
from billing.link_addresses import url_of
from billing.models import SharedLink
from billing.models.shared_links import LinkStatus
from billing.serializers import SharedLinkSerializer
from bizsuite.backoffice.display import badge, moment
from bizsuite.backoffice.permissions import may
from bizsuite.backoffice.record_actions import record_action
from bizsuite.backoffice.related import RelatedList
from bizsuite.backoffice.resource_admin import ReadOnlyAdmin
from bizsuite.errors import DomainError
from customers.admin import CustomerAdmin
from customers.models import Customer

TONES = {LinkStatus.ACTIVE: "success", LinkStatus.EXPIRED: "quiet", LinkStatus.REVOKED: "quiet"}
LIST_PAGE = "billing_sharedlink_changelist"


class LinkStatusFilter(admin.SimpleListFilter):
    title = gettext_lazy("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(LinkStatus.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() not in LinkStatus.values:
            return queryset
        return queryset.in_status(self.value(), timezone.now())


def links_of(document: str) -> RelatedList:
    """From a document's page to its links. document: what a link calls it."""
    return RelatedList(gettext_lazy("Links"), "link", "links", LIST_PAGE, f"{document}__id__exact")


class SharesDocuments:
    """For admin classes of documents that customers can be shown: `share` is a button."""

    actor: Callable[[HttpRequest], Any]

    @record_action(
        label=gettext_lazy("Share link"),
        icon="link",
        question=gettext_lazy(
            "A page on the web that shows it to whoever has its address, without signing in. The"
            " address cannot be guessed; it is good for some months, and you can take it back."
        ),
        when=shared_links.is_shareable,
        resource="links",
    )
    def share(self, request: HttpRequest, record: Any, data: dict[str, Any]) -> HttpResponse:
        link, _is_new = shared_links.share_link(
            record, actor=self.actor(request), now=timezone.now()
        )
        return redirect(_page_of(link))


@admin.register(SharedLink)
class SharedLinkAdmin(ReadOnlyAdmin):
    """They are made on the pages of what they show, and taken back here."""

    resource = "links"
    event_resource = "link"
    serializer_class = SharedLinkSerializer

    list_display = ("shown", "customer", "state", "opened", "last_opened", "good_until")
    list_filter = (
        "kind",
        LinkStatusFilter,
        ("customer", AutocompleteSelectFilter),
    )
    list_select_related = ("customer", "invoice", "quote")
    ordering = ("-id",)
    fields = ("shown_link", "customer_link", "made", "good_until", "opened", "last_opened")
    readonly_fields = fields
    record_actions = ("revoke",)

    class Media:
        js = ("backoffice/secret.js",)

    # ── What is shown ────────────────────────────────────────────────────────────
    def get_queryset(self, request: HttpRequest) -> QuerySet[SharedLink]:
        """No more than the user may read of what they show."""
        kinds = shared_links.readable_kinds(self.actor(request))
        links = super().get_queryset(request).of_kinds(kinds)
        return links.select_related("customer", "invoice", "quote")

    @admin.display(description=gettext_lazy("shows"), ordering="kind")
    def shown(self, link: SharedLink) -> str:
        if link.invoice is None and link.quote is None:
            return _("Statement")
        return str(link)

    @admin.display(description=gettext_lazy("shows"))
    def shown_link(self, link: SharedLink) -> SafeString | str:
        return self.shown(link) if link.document == link.customer else link_to(link.document)

    @admin.display(description=gettext_lazy("customer"))
    def customer_link(self, link: SharedLink) -> SafeString:
        return link_to(link.customer)

    @admin.display(description=gettext_lazy("made"))
    def made(self, link: SharedLink) -> str:
        return moment(link.created_at)

    @admin.display(description=gettext_lazy("status"))
    def state(self, link: SharedLink) -> SafeString:
        status = link.status_at(timezone.now())
        return badge(status.label, TONES[status])

    @admin.display(description=gettext_lazy("opened"), ordering="opened_count")
    def opened(self, link: SharedLink) -> str:
        if not link.opened_count:
            return _("never")
        text = ngettext("once", "%(count)s times", link.opened_count)
        return text % {"count": link.opened_count}

    @admin.display(description=gettext_lazy("last opened"), ordering="last_opened_at")
    def last_opened(self, link: SharedLink) -> str:
        return moment(link.last_opened_at)

    @admin.display(description=gettext_lazy("good until"), ordering="expires_at")
    def good_until(self, link: SharedLink) -> str:
        return moment(link.expires_at)

    def summary(self, request: HttpRequest, record: SharedLink) -> list[tuple[Any, Any]]:
        """The address is for those who may share: who has it can answer a quote."""
        figures: list[tuple[Any, Any]] = [(_("Status"), self.state(record))]
        if _is_active(record) and may(request, "write", self.resource):
            copied = render_to_string("billing/link_to_copy.html", {"url": url_of(record)})
            figures.append((_("Address"), mark_safe(copied)))  # noqa: S308  our own template
        return figures

    # ── Buttons ──────────────────────────────────────────────────────────────────
    @record_action(
        label=gettext_lazy("Take back"),
        icon="link_off",
        question=gettext_lazy(
            "The page shows nothing any more to whoever opens the address. Sharing it again makes"
            " a new address."
        ),
        when=lambda link: link.revoked_at is None,
        danger=True,
    )
    def revoke(self, request: HttpRequest, record: SharedLink, data: dict[str, Any]) -> str:
        shared_links.revoke_link(record, actor=self.actor(request), now=timezone.now())
        return _("The link has been taken back.")

    def get_urls(self) -> list[URLPattern]:
        statement = path(
            "statement/<int:customer_id>/",
            self.admin_site.admin_view(require_POST(self.share_statement)),
            name="billing_sharedlink_statement",
        )
        return [statement, *super().get_urls()]

    def share_statement(self, request: HttpRequest, customer_id: int) -> HttpResponse:
        """From the statement's page, which has a form of one button."""
        customer = get_object_or_404(Customer, pk=customer_id)
        try:
            self._require_write(request)
            link, _is_new = shared_links.share_link(
                customer, actor=self.actor(request), now=timezone.now()
            )
        except DomainError as refusal:
            messages.error(request, refusal.message)
            return redirect(reverse("admin:customers_customer_change", args=[customer.pk]))
        return redirect(_page_of(link))

    def _require_write(self, request: HttpRequest) -> None:
        if not may(request, "write", self.resource):
            raise PermissionDenied


def _is_active(link: SharedLink) -> bool:
    return link.status_at(timezone.now()) == LinkStatus.ACTIVE


def _page_of(link: SharedLink) -> str:
    return reverse("admin:billing_sharedlink_change", args=[link.pk])


CustomerAdmin.announce(links_of("customer"))
