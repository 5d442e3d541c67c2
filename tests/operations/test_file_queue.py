import json

import pytest
from kombu import Connection

from bizsuite.operations.file_queue import Channel


@pytest.fixture
def broker(tmp_path):
    (tmp_path / "messages").mkdir()
    with Connection(
        "filesystem://localhost",
        transport="bizsuite.operations.file_queue:Transport",
        transport_options={
            "data_folder_in": str(tmp_path / "messages"),
            "data_folder_out": str(tmp_path / "messages"),
            "control_folder": str(tmp_path / "control"),
            "polling_interval": 0.01,
        },
    ) as connection:
        yield connection


def test_what_is_put_is_got_once(broker):
    queue = broker.SimpleQueue("hints")
    queue.put({"task": "relay"})
    message = queue.get(timeout=1)
    assert message.payload == {"task": "relay"}
    message.ack()
    with pytest.raises(queue.Empty):
        queue.get(timeout=0.1)


def test_a_message_is_never_seen_half_written(broker, tmp_path, monkeypatch):
    """Whatever has the name of a message when it is written is whole."""
    seen = []
    replace = type(tmp_path).replace

    def look(draft, target):
        seen.extend(path.name for path in (tmp_path / "messages").glob("[!.]*"))
        return replace(draft, target)

    monkeypatch.setattr(type(tmp_path), "replace", look)
    channel = broker.channel()
    assert isinstance(channel, Channel)
    channel._put("hints", {"body": "x" * 100_000})
    assert seen == []
    [message] = (tmp_path / "messages").iterdir()
    assert json.loads(message.read_text()) == {"body": "x" * 100_000}
