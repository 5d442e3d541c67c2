import socket

import pytest

from webhooks.views import WebhookViewSet

PUBLIC_ADDRESS = "93.184.215.14"


@pytest.fixture(autouse=True)
def _names_resolve_publicly(monkeypatch) -> None:
    """No test asks the real DNS. Those about resolving bring their own."""
    monkeypatch.setattr(WebhookViewSet, "resolve", staticmethod(lambda host: [PUBLIC_ADDRESS]))


@pytest.fixture
def allow_this_machine(settings):
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]


@pytest.fixture
def connections(monkeypatch):
    """Every address that anything tries to connect to. None is let through to the internet."""
    tried = []
    connect = socket.socket.connect

    def spy(self, address):
        tried.append(address)
        if address[0] != "127.0.0.1":
            raise ConnectionRefusedError("the tests stay on this machine")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", spy)
    return tried
