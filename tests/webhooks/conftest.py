import pytest

from webhooks.views import WebhookViewSet

PUBLIC_ADDRESS = "93.184.215.14"


@pytest.fixture(autouse=True)
def _names_resolve_publicly(monkeypatch) -> None:
    """No test asks the real DNS. Those about resolving bring their own."""
    monkeypatch.setattr(WebhookViewSet, "resolve", staticmethod(lambda host: [PUBLIC_ADDRESS]))
