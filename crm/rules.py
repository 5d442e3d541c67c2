"""What a lead must be like, whoever writes it: asked by the API's shape and by the actions."""

from collections.abc import Mapping
from typing import Any

from bizsuite.money import currency_decimals, has_at_most
from crm.models import Lead, Stage

NO_NAME = "Give a first name or a company"


def applied(lead: Lead, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Set the changes on `lead` and return what really changes, with what follows from it."""
    real = {name: value for name, value in changes.items() if getattr(lead, name) != value}
    reopened = real.get("stage", Stage.LOST) != Stage.LOST
    if reopened and lead.lost_reason and "lost_reason" not in real:
        real["lost_reason"] = ""
    for name, value in real.items():
        setattr(lead, name, value)
    return real


def errors_of(lead: Lead, written: Mapping[str, Any], *, currency: str) -> dict[str, str]:
    """What is wrong with a lead, by field. written: the fields that are new or being changed.

    currency: the organisation's, which the expected value is in.
    """
    errors = {}
    if not lead.first_name and not lead.company:
        errors["company" if "company" in written else "first_name"] = NO_NAME
    if lead.lost_reason and lead.stage != Stage.LOST:
        errors["lost_reason"] = "Only a lost lead has one"
    owner = written.get("owner")
    if owner is not None and not owner.is_active:
        errors["owner_id"] = "This user is not active"
    value = written.get("expected_value")
    if value is not None and value < 0:
        errors["expected_value"] = "Expected value must be at least 0"
    elif value is not None and not has_at_most(value, places := currency_decimals(currency)):
        errors["expected_value"] = f"Must have no more than {places} decimals in {currency}"
    return errors
