import datetime
import random
from dataclasses import dataclass, field

from billing.models import Account, Product
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import User
from customers.models import Customer


@dataclass
class Story:
    """What the parts of the demo's story share: the day it is told, the dice, and who is in it."""

    today: datetime.date
    now: datetime.datetime
    random: random.Random
    actor: Actor
    staff: dict[str, User]
    customers: list[Customer] = field(default_factory=list)
    products: dict[str, Product] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)

    def days_ago(self, days: int) -> datetime.date:
        return self.today - datetime.timedelta(days=days)

    def hours_ago(self, hours: float) -> datetime.datetime:
        return self.now - datetime.timedelta(hours=hours)

    def person(self, role: str) -> Actor:
        """The member of staff with this role, at work in the admin."""
        user = self.staff[role]
        return Actor(name=user.name, role=user.role, source="admin", user_id=user.pk)
