"""Where settings come from."""

import re
import subprocess
import sys

from tests.product import ROOT, clean_environment


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


def test_the_example_lists_every_variable():
    source = (ROOT / "bizsuite" / "settings.py").read_text()
    variables = set(re.findall(r'env(?:\.\w+)?\(\s*"(\w+)"', source))
    assert len(variables) > 10
    listed = set(re.findall(r"^# (\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert variables <= listed
