"""Mail servers to test against: they keep what they are handed, or refuse it."""

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class MailServer(BaseEmailBackend):
    """Takes everything, unless `refuse` says with which error it does not.

    refuse: by address; `away`: raised when connecting.
    """

    def __init__(
        self, refuse: dict[str, Exception] | None = None, away: Exception | None = None
    ) -> None:
        super().__init__()
        self.refuse = refuse or {}
        self.away = away
        self.taken: list[EmailMessage] = []
        self.opened = 0

    def open(self) -> bool:
        self.opened += 1
        if self.away is not None:
            raise self.away
        return True

    def send_messages(self, messages: list[EmailMessage]) -> int:
        for message in messages:
            if error := self.refuse.get(message.to[0]):
                raise error
            message.message()  # the real ones write it out, and may find that they cannot
            self.taken.append(message)
        return len(messages)

    def connect(self) -> "MailServer":
        return self
