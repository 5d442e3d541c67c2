import pytest

from bizsuite.usage import recording
from bizsuite.usage.recording import BackgroundWriter, UsageBuffer


@pytest.fixture(autouse=True)
def buffer(monkeypatch) -> UsageBuffer:
    """What this process has counted and not written: nothing yet."""
    fresh = UsageBuffer()
    monkeypatch.setattr(recording, "usage_buffer", fresh)
    monkeypatch.setattr(recording, "_writer", BackgroundWriter(fresh))
    return fresh
