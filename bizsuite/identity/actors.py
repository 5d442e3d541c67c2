"""Who does something, from where and in the course of what. Passed to every action."""

from dataclasses import dataclass
from typing import Self

from bizsuite.identity.roles import Role, Verb, role_may, scopes_allow


@dataclass(frozen=True, slots=True)
class Actor:
    """The person or program on whose behalf an action runs.

    source: where it came in: "api", "admin", "cli" or "worker".
    request_id: ties the audit row, the log line and the deliveries to one request.
    causation_depth: 0, or one more than the depth of the event that a webhook receiver reacts to.
    """

    name: str
    role: str
    source: str
    user_id: int | None = None
    key_id: int | None = None
    scopes: tuple[str, ...] = ()
    request_id: str = ""
    causation_depth: int = 0

    @classmethod
    def system(cls, source: str) -> Self:
        """The installation itself: operators' commands and scheduled work."""
        return cls(name="system", role=Role.ADMINISTRATOR, source=source)

    def may(self, verb: Verb, resource: str) -> bool:
        return role_may(self.role, verb, resource) and scopes_allow(self.scopes, verb, resource)
