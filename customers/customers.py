"""What can be done with a customer."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone

from bizsuite.errors import Conflict, Stale
from bizsuite.events.recording import NewEvent, record_event, record_events
from bizsuite.identity.actors import Actor
from bizsuite.records import lock
from customers.models import Customer
from customers.serializers import CustomerSerializer


class CustomerArchived(Conflict):
    code = "customer_archived"


@transaction.atomic
def create_customers(new_customers: Sequence[Mapping[str, Any]], *, actor: Actor) -> list[Customer]:
    """Add customers, each from its fields; all of them or, on an error, none."""
    customers = [Customer(**fields) for fields in new_customers]
    for customer in customers:
        customer.search_text = customer.folded_search_text()
    Customer.objects.bulk_create(customers)
    shown = CustomerSerializer(customers, many=True).data
    record_events(
        [
            NewEvent("customer.created", customer, data)
            for customer, data in zip(customers, shown, strict=True)
        ],
        actor=actor,
    )
    return customers


def create_customer(*, actor: Actor, **fields: Any) -> Customer:
    return create_customers([fields], actor=actor)[0]


@transaction.atomic
def update_customer(
    customer: Customer, *, actor: Actor, if_version: int | None = None, **changes: Any
) -> Customer:
    """Change the fields given. What is sent as it is already changes nothing.

    Raises Stale if `if_version` is no longer the current one.
    """
    # Locked, because the text to search in is made of old and new values together.
    lock(customer)
    if if_version not in (None, customer.version):
        raise Stale("This customer has been changed since you read it.")
    changes = {name: value for name, value in changes.items() if getattr(customer, name) != value}
    if not changes:
        return customer
    for name, value in changes.items():
        setattr(customer, name, value)
    Customer.objects.filter(pk=customer.pk).change(
        **changes, search_text=customer.folded_search_text()
    )
    customer.refresh()
    record_event("customer.updated", customer, data=CustomerSerializer(customer).data, actor=actor)
    return customer


@transaction.atomic
def delete_customer(customer: Customer, *, actor: Actor) -> bool:
    """Remove a customer; returns False if documents refer to them and they were archived."""
    lock(customer)
    try:
        with transaction.atomic():
            Customer.objects.filter(pk=customer.pk).delete()
    except ProtectedError:
        archive_customer(customer, actor=actor)
        return False
    customer.version += 1
    record_event("customer.deleted", customer, data=CustomerSerializer(customer).data, actor=actor)
    return True


@transaction.atomic
def archive_customer(customer: Customer, *, actor: Actor) -> Customer:
    """Hide a customer from lists and new documents. Archiving twice changes nothing."""
    lock(customer)
    archived = Customer.objects.filter(pk=customer.pk).active().change(archived_at=timezone.now())
    customer.refresh()
    if archived:
        record_event(
            "customer.archived", customer, data=CustomerSerializer(customer).data, actor=actor
        )
    return customer


@transaction.atomic
def restore_customer(customer: Customer, *, actor: Actor) -> Customer:
    """Take a customer out of the archive. Doing it twice changes nothing."""
    lock(customer)
    restored = (
        Customer.objects.filter(pk=customer.pk).exclude(archived_at=None).change(archived_at=None)
    )
    customer.refresh()
    if restored:
        record_event(
            "customer.updated", customer, data=CustomerSerializer(customer).data, actor=actor
        )
    return customer


def require_active(customer: Customer) -> None:
    """Raises CustomerArchived: a new document for an archived customer is a mistake."""
    if customer.archived_at is not None:
        raise CustomerArchived(f"Customer {customer.pk} is archived.")
