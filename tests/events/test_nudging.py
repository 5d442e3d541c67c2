"""A broker that is away holds nobody up."""

import socket
import subprocess
import sys

PROGRAM = """
import time, django
django.setup()
from bizsuite.events.recording import RELAY_TASK, nudge
started = time.monotonic()
nudge(RELAY_TASK)
print(time.monotonic() - started)
"""


def test_a_hint_to_a_redis_that_is_away_costs_less_than_a_second(tmp_path):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        environment = {
            "BIZSUITE_DATA_DIR": str(tmp_path),
            "BIZSUITE_ENV_FILE": "",
            "DJANGO_SETTINGS_MODULE": "bizsuite.settings",
            "REDIS_URL": f"redis://127.0.0.1:{nobody.getsockname()[1]}/0",
        }
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True
        )

    assert float(done.stdout) < 1, done.stderr
    assert "Could not wake a worker" in done.stderr
