"""The sandbox as a program: beside production, killed, and pointed at the wrong database."""

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bizsuite.operations.sandbox import sandbox_environment
from tests.product import Product, installation, running_product
from tests.programs import ROOT, clean_environment

SANDBOX = {"BIZSUITE_ENVIRONMENT": "sandbox"}


class Sandbox(Product):
    @property
    def key(self) -> str:
        return self.printed(r"API key\s+(bs_test_\S+)")

    def printed(self, pattern: str) -> str:
        match = re.search(pattern, self.output.read_text())
        assert match
        return match[1]

    def get(self, path: str, **options) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.get(f"{self.url}/api/v2{path}", headers=headers, **options)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_product(tmp_path_factory.mktemp("sandbox"), env=SANDBOX, workers=1) as product:
        product.__class__ = Sandbox
        yield product


def test_it_prints_a_login_that_works(sandbox):
    assert sandbox.get("/invoices").json()["meta"]["total_records"] > 100
    with httpx.Client(base_url=sandbox.url, follow_redirects=True) as browser:
        page = browser.get("/admin/login/")
        token = re.search(r'csrfmiddlewaretoken" value="([^"]+)', page.text)[1]
        home = browser.post(
            "/admin/login/",
            data={
                "username": sandbox.printed(r"Login\s+(\S+)"),
                "password": sandbox.printed(r"Password\s+(\S+)"),
                "csrfmiddlewaretoken": token,
            },
        )
        assert "Harbour &amp; Pine Studio" in home.text
        for each in (page, home, browser.get("/admin/mail/outgoingmail/")):
            assert "Sandbox: nothing here is real." in each.text


def test_every_answer_says_where_it_comes_from(sandbox):
    answers = [
        sandbox.get("/customers"),
        sandbox.get("/planets"),
        httpx.get(f"{sandbox.url}/api/v2/customers"),
        httpx.get(f"{sandbox.url}/admin/login/"),
        httpx.get(f"{sandbox.url}/nothing"),
        httpx.get(f"{sandbox.url}/static/backoffice/backoffice.css"),
        httpx.get(f"{sandbox.url}/admin/login/", headers={"Host": "evil.example"}),
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 401, 200, 404, 200, 400]
    assert {answer.headers.get("X-Environment") for answer in answers} == {"sandbox"}
    assert b"X-Environment: sandbox\r\n" in raw_answer(sandbox.url, b"NO HTTP AT ALL\r\n\r\n")


def raw_answer(url: str, request: bytes) -> bytes:
    address = httpx.URL(url)
    with socket.create_connection((address.host, address.port), timeout=10) as connection:
        connection.sendall(request)
        return connection.recv(4096)


def test_no_mail_leaves_it(sandbox):
    """The demo's replies to tickets are mails to customers."""
    patience = time.monotonic() + 60
    counts = ""
    while "queued 0" not in counts and time.monotonic() < patience:
        counts = shell(
            sandbox,
            "from bizsuite.mail.models import OutgoingMail as M; "
            "print('queued', M.objects.filter(status='queued').count(),"
            " set(M.objects.values_list('status', 'sent_through')))",
        )
    assert counts.strip() == "queued 0 {('sent', 'captured')}"
    assert not (sandbox.data_dir / "mail").exists()


def shell(product: Product, code: str) -> str:
    return product.manage("shell", "--verbosity=0", "-c", code).stdout


def test_a_reset_that_is_killed_leaves_the_data_of_before(sandbox):
    headers = {"Authorization": f"Bearer {sandbox.key}"}
    made = httpx.post(
        f"{sandbox.url}/api/v2/customers", headers=headers, json={"account": "Visitor"}
    )
    assert made.status_code == 201
    before = sandbox.get("/invoices").json()["meta"]
    # Killed where the tables are empty and the story half told.
    code = (
        "import os, signal; from bizsuite.sandbox.company import spending;"
        "from bizsuite.sandbox import company, resetting; from django.utils import timezone;"
        "company.spend = lambda story: os.kill(os.getpid(), signal.SIGKILL);"
        "resetting.reset_sandbox(now=timezone.now())"
    )
    killed = sandbox.manage("shell", "--verbosity=0", "-c", code)

    assert killed.returncode == -signal.SIGKILL
    assert sandbox.get("/invoices").json()["meta"] == before
    assert sandbox.get("/customers?search=visitor").json()["meta"]["total_records"] == 1

    done = sandbox.manage("reset_sandbox")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == sandbox.key
    assert sandbox.get("/customers?search=visitor").json()["meta"]["total_records"] == 0
    assert sandbox.get("/invoices").json()["meta"] == before


def test_productions_database_is_refused(tmp_path):
    with installation(tmp_path, workers=1) as production:
        production.manage("migrate", "--verbosity=0")
        production.env["BIZSUITE_ADMIN_PASSWORD"] = "violet harbour 47 lanterns"
        production.manage("create_admin", "--email", "ada@example.org", "--name", "Ada")

        in_production = production.manage("reset_sandbox")
        production.env |= SANDBOX
        as_sandbox = production.manage("reset_sandbox")
        start = production.manage("up", "--sandbox", "--bind", "127.0.0.1:0")

        assert [each.returncode for each in (in_production, as_sandbox, start)] == [1, 1, 1]
        assert "This is no sandbox" in in_production.stderr
        assert "not marked as a sandbox: nothing was touched" in as_sandbox.stderr
        assert "holds an installation that is no sandbox" in start.stderr
        counted = "from bizsuite.identity.models import User; print(User.objects.count())"
        assert shell(production, counted).strip() == "1"


def test_production_is_not_started_on_a_sandbox(sandbox):
    environment = {name: value for name, value in sandbox.env.items() if name not in SANDBOX}
    folder = sandbox.data_dir.with_name("elsewhere")
    environment |= {"BIZSUITE_DATA_DIR": str(folder)}
    environment.setdefault("DATABASE_URL", f"sqlite:///{sandbox.data_dir / 'bizsuite.sqlite3'}")

    start = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "up", "--bind", "127.0.0.1:0"],
        env=environment,
        capture_output=True,
        text=True,
    )

    assert start.returncode == 1
    assert "This database is a sandbox's" in start.stderr


def test_beside_production_it_takes_over_neither_database_nor_secrets_nor_receivers():
    production = {
        "DATABASE_URL": "postgres://production",
        "BIZSUITE_SECRET_KEY": "s",
        "BIZSUITE_API_KEY_PEPPER": "p",
        "BIZSUITE_ENCRYPTION_KEYS": "k",
        "BIZSUITE_REDIS_KEY_PREFIX": "bizsuite",
        "BIZSUITE_ENV_FILE": "/etc/bizsuite.env",
        "BIZSUITE_DATA_DIR": "/srv/bizsuite",
        "BIZSUITE_ALLOWED_HOSTS": "books.example.com",
        "BIZSUITE_WEBHOOK_ALLOWED_HOSTS": "erp.internal",
        "REDIS_URL": "redis://localhost",
        "PATH": "/bin",
    }

    assert sandbox_environment(production, data_dir=Path("/srv/bizsuite")) == {
        "BIZSUITE_ENVIRONMENT": "sandbox",
        "BIZSUITE_DATA_DIR": "/srv/bizsuite/sandbox",
        "BIZSUITE_ALLOWED_HOSTS": "books.example.com",
        "REDIS_URL": "redis://localhost",
        "PATH": "/bin",
    }


def test_one_command_starts_it_in_a_folder_of_its_own(tmp_path):
    file = tmp_path / "production.env"
    file.write_text(
        "DATABASE_URL=sqlite:////nowhere/production.sqlite3\nBIZSUITE_ALLOWED_HOSTS=x\n"
    )
    environment = clean_environment() | {
        "BIZSUITE_DATA_DIR": str(tmp_path),
        "BIZSUITE_ENV_FILE": str(file),
    }
    command = [sys.executable, str(ROOT / "manage.py"), "up", "--sandbox", "--bind", "127.0.0.1:0"]
    with subprocess.Popen(
        [*command, "--workers", "1"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as process:
        said = ""
        try:
            for line in process.stdout:
                said += line
                if line.startswith("ready "):
                    break
        finally:
            process.terminate()
    assert "bs_test_" in said
    assert (tmp_path / "sandbox" / "bizsuite.sqlite3").exists()
    assert not (tmp_path / "bizsuite.sqlite3").exists()
