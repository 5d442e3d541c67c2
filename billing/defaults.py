"""What a new installation starts with, and what is taken where nothing is named."""

from billing.models import Account, Category
from billing.models.catalogue import FlowType
from bizsuite.errors import Invalid

DEFAULT_ACCOUNT = 1


def default_account() -> Account:
    """Where a payment goes that names no account. Raises Invalid once that one is gone."""
    account = Account.objects.active().filter(pk=DEFAULT_ACCOUNT).first()
    if account is None:
        raise Invalid({"account_id": "This field is required"})
    return account


def default_income_category() -> Category | None:
    """What income is for that names no category: "Sales" or, once that is gone, the next one.

    A payment cannot name a category, so an archived one is better than none. None if there is
    no income category at all.
    """
    income = Category.objects.filter(type=FlowType.INCOME).order_by("id")
    return income.active().first() or income.first()
