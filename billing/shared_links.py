"""What can be done with the links under which customers see their documents."""

import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from billing.link_addresses import new_token, public_url, token_hash, url_of
from billing.models import Invoice, Quote, SharedLink
from billing.models.invoices import InvoiceStatus
from billing.models.quotes import QuoteStatus
from billing.models.shared_links import LinkKind
from billing.serializers import SharedLinkSerializer
from bizsuite.crypto import encrypt
from bizsuite.errors import Conflict, Forbidden
from bizsuite.events.recording import record_event
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import organisation
from bizsuite.records import lock
from customers.models import Customer

Shareable = Invoice | Quote | Customer

# What a person must be able to read to see, or hand out, a link of this kind.
READ_BY_KIND: dict[str, tuple[str, ...]] = {
    LinkKind.INVOICE: ("invoices",),
    LinkKind.QUOTE: ("quotes",),
    LinkKind.STATEMENT: ("payments", "invoices"),
}


class NotShareable(Conflict):
    code = "not_shareable"


class LinkRevoked(Conflict):
    code = "link_revoked"


def share(document: Shareable, *, actor: Actor, now: datetime.datetime) -> str:
    """The absolute URL under which the customer sees the document (a customer: their statement).

    Raises NotShareable for a draft, PublicAddressMissing if nobody said where this installation
    is reached.
    """
    return url_of(share_link(document, actor=actor, now=now)[0])


@transaction.atomic
def share_link(
    document: Shareable,
    *,
    actor: Actor,
    now: datetime.datetime,
    **details: Any,
) -> tuple[SharedLink, bool]:
    """The link that stands for the document, or a new one; and whether it is new.

    One that stands is good for its full time again: what the customer was sent before keeps
    working. details: external_id, metadata.
    """
    require_kind(_kind(document), actor)
    _require_shareable(document)
    public_url()  # before anything is written
    link = _standing(document, actor, now)
    if link is not None:
        return _renewed(link, document, actor, now, details), False
    try:
        with transaction.atomic():
            link = _created(document, now, details)
    except IntegrityError:
        # Somebody shared it at the same moment; theirs is as good. If that is not why: as it came.
        link = _standing(document, actor, now)
        if link is None:
            raise
        return _renewed(link, document, actor, now, details), False
    record_event("link.created", link, data=SharedLinkSerializer(link).data, actor=actor)
    return link, True


@transaction.atomic
def revoke_link(link: SharedLink, *, actor: Actor, now: datetime.datetime) -> SharedLink:
    """From now on it shows nothing. Sharing the document again makes another link."""
    lock(link)
    require_kind(link.kind, actor)
    if not SharedLink.objects.filter(pk=link.pk, revoked_at=None).change(revoked_at=now):
        raise LinkRevoked("This link has been revoked already.")
    return _changed(link, "link.revoked", actor)


def link_by_token(token: str, *, now: datetime.datetime) -> SharedLink | None:
    """The link with this token if it still shows something."""
    links = SharedLink.objects.select_related("customer", "invoice", "quote")
    return links.filter(token_hash=token_hash(token), revoked_at=None, expires_at__gt=now).first()


def readable_kinds(actor: Actor) -> list[str]:
    """The kinds of links that the actor may know of."""
    return [
        kind
        for kind, resources in READ_BY_KIND.items()
        if all(actor.may("read", resource) for resource in resources)
    ]


def require_kind(kind: str, actor: Actor) -> None:
    """Raises Forbidden: a link must not show its maker more than they may see."""
    for resource in READ_BY_KIND[kind]:
        if not actor.may("read", resource):
            raise Forbidden(f"Sharing this needs the right to read {resource}.")


def is_shareable(document: Shareable) -> bool:
    """Whether the customer may see it: no draft that nobody has seen yet."""
    if isinstance(document, Invoice):
        return document.status != InvoiceStatus.DRAFT
    if isinstance(document, Quote):
        return document.status != QuoteStatus.DRAFT or document.revision > 1
    return True


def _require_shareable(document: Shareable) -> None:
    if not is_shareable(document):
        first = "Issue" if isinstance(document, Invoice) else "Send"
        raise NotShareable(
            f"{document} is a draft, which customers never see. {first} it, then share it.",
            allowed=[first.lower()],
        )


def _kind(document: Shareable) -> str:
    if isinstance(document, Invoice):
        return LinkKind.INVOICE
    return LinkKind.QUOTE if isinstance(document, Quote) else LinkKind.STATEMENT


def _names(document: Shareable) -> dict[str, Any]:
    """What a link of this document refers to."""
    if isinstance(document, Customer):
        return {"customer": document, "invoice": None, "quote": None}
    return {
        "customer": document.customer,
        "invoice": document if isinstance(document, Invoice) else None,
        "quote": document if isinstance(document, Quote) else None,
    }


def _standing(document: Shareable, actor: Actor, now: datetime.datetime) -> SharedLink | None:
    """The document's link that is not revoked, held. One that has expired makes room."""
    links = SharedLink.objects.filter(
        kind=_kind(document), revoked_at=None, **_names(document)
    ).select_for_update(of=("self",))
    link = links.first()
    if link is not None and link.expires_at <= now:
        revoke_link(link, actor=actor, now=now)
        return None
    return link


def _created(document: Shareable, now: datetime.datetime, details: dict[str, Any]) -> SharedLink:
    token = new_token()
    link = SharedLink(
        kind=_kind(document),
        token_hash=token_hash(token),
        encrypted_token=encrypt(token),
        expires_at=_usual_end(document, now),
        **_names(document),
        **details,
    )
    link.search_text = link.folded_search_text()
    link.save(force_insert=True)
    return link


def _renewed(
    link: SharedLink,
    document: Shareable,
    actor: Actor,
    now: datetime.datetime,
    details: dict[str, Any],
) -> SharedLink:
    changes = {name: value for name, value in details.items() if getattr(link, name) != value}
    end = _usual_end(document, now)
    if end > link.expires_at:
        changes["expires_at"] = end
    if not changes:
        return link
    for name, value in changes.items():
        setattr(link, name, value)
    SharedLink.objects.filter(pk=link.pk).change(**changes, search_text=link.folded_search_text())
    return _changed(link, "link.updated", actor)


def _usual_end(document: Shareable, now: datetime.datetime) -> datetime.datetime:
    """LINK_DAYS after the day that matters: a quote's page must be there to say it has expired."""
    profile = organisation()
    last_day = profile.today(now)
    if isinstance(document, Invoice):
        last_day = max(last_day, document.due_date)
    if isinstance(document, Quote):
        last_day = max(last_day, document.valid_until)
    try:
        return profile.end_of(last_day + datetime.timedelta(days=settings.LINK_DAYS))
    except OverflowError:
        return profile.end_of(last_day)


def _changed(link: SharedLink, event: str, actor: Actor) -> SharedLink:
    link.refresh_from_db()
    record_event(event, link, data=SharedLinkSerializer(link).data, actor=actor)
    return link
