"""Where settings come from."""

import re
import subprocess
import sys

import pytest

from tests.programs import ROOT, clean_environment


def test_a_file_gives_variables_and_the_environment_comes_first(tmp_path):
    file = tmp_path / "settings.env"
    file.write_text("BIZSUITE_ADMIN_EMAIL=file@example.org\nBIZSUITE_RATE_LIMIT_PER_HOUR=7\n")
    done = subprocess.run(
        [
            *(sys.executable, "-c"),
            "from bizsuite import settings as s; print(s.ADMIN_EMAIL, s.RATE_LIMIT_PER_HOUR)",
        ],
        cwd=ROOT,
        env=clean_environment()
        | {
            "BIZSUITE_DATA_DIR": str(tmp_path / "data"),
            "BIZSUITE_ENV_FILE": str(file),
            "BIZSUITE_ADMIN_EMAIL": "environment@example.org",
        },
        capture_output=True,
        text=True,
    )
    assert done.stdout == "environment@example.org 7\n", done.stderr


def test_the_sandbox_mails_nobody_and_is_reset_daily(tmp_path):
    code = (
        "from bizsuite import settings as s; print(s.EMAIL_BACKEND, s.REDIS_KEY_PREFIX,"
        " 'reset-sandbox' in s.CELERY_BEAT_SCHEDULE)"
    )
    environment = clean_environment() | {
        "EMAIL_URL": "smtp://localhost:25",
        "BIZSUITE_DATA_DIR": str(tmp_path),
    }
    said = {
        name: subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=environment | {"BIZSUITE_ENVIRONMENT": name},
            capture_output=True,
            text=True,
        ).stdout
        for name in ("sandbox", "production")
    }
    assert said == {
        "sandbox": "bizsuite.mail.captured.EmailBackend bizsuite-sandbox True\n",
        "production": "django.core.mail.backends.smtp.EmailBackend bizsuite-production False\n",
    }


@pytest.mark.parametrize(
    ("given", "in_file", "said"),
    [
        ("Sandbox", "", "BIZSUITE_ENVIRONMENT is 'Sandbox'"),
        ("", "BIZSUITE_ENVIRONMENT=sandbox", "cannot be set in"),
    ],
)
def test_nobody_half_runs_a_sandbox(tmp_path, given, in_file, said):
    """What only some of its programs take for one would mail real people, or throw mails away."""
    file = tmp_path / "settings.env"
    file.write_text(in_file)
    environment = clean_environment() | {
        "BIZSUITE_DATA_DIR": str(tmp_path / "data"),
        "BIZSUITE_ENV_FILE": str(file),
    }
    done = subprocess.run(
        [sys.executable, "-c", "from bizsuite import settings"],
        cwd=ROOT,
        env=environment | ({"BIZSUITE_ENVIRONMENT": given} if given else {}),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert said in done.stderr.splitlines()[-1]
    assert not (tmp_path / "data").exists()


def test_the_example_lists_every_variable():
    source = (ROOT / "bizsuite" / "settings.py").read_text()
    variables = set(re.findall(r'env(?:\.\w+)?\(\s*"(\w+)"', source))
    assert len(variables) > 10
    listed = set(re.findall(r"^# (\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert variables <= listed
