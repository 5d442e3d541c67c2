"""`manage.py up` as a person and a service manager meet it."""

import os
import re
import stat
import subprocess
import sys

import httpx
import pytest

from tests.product import Product, installation
from tests.programs import ROOT


def first_login(product: Product) -> str:
    return (product.data_dir / "first-login.txt").read_text()


def password_in(text: str) -> str:
    return re.search(r"Password  (\S+)", text)[1]


# ── The first start ───────────────────────────────────────────────────────────


def test_the_first_login_is_in_a_file_that_only_its_owner_reads(product):
    path = product.data_dir / "first-login.txt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "Login     owner@localhost\n" in path.read_text()
    assert f"Admin     {product.url}/admin/\n" in path.read_text()
    printed = product.output.read_text() + product.log.read_text()
    assert str(path) in printed
    assert password_in(path.read_text()) not in printed
    assert product.key not in printed


def test_others_may_not_look_into_the_data_directory(product):
    assert stat.S_IMODE(product.data_dir.stat().st_mode) == 0o700


def test_the_printed_curl_line_works_when_pasted(product):
    line = re.search(r"curl .*", first_login(product))[0]
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True)
    assert done.returncode == 0
    assert '"success":true' in done.stdout


def test_the_first_login_opens_the_admin(product):
    with httpx.Client(base_url=product.url) as browser:
        browser.get("/admin/login/")
        signed_in = browser.post(
            "/admin/login/",
            data={
                "username": "owner@localhost",
                "password": password_in(first_login(product)),
                "csrfmiddlewaretoken": browser.cookies["csrftoken"],
            },
            headers={"Referer": f"{product.url}/admin/login/"},
        )
        assert signed_in.status_code == 302
        assert browser.get("/admin/").status_code == 200


def test_the_admins_files_are_served(product):
    page = httpx.get(f"{product.url}/admin/login/").text
    paths = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert len(paths) > 2
    for path in paths:
        assert httpx.get(product.url + path).status_code == 200


def test_on_a_terminal_the_first_login_is_printed_and_not_kept(tmp_path):
    address = {"BIZSUITE_ADMIN_EMAIL": "ada@example.org"}
    with installation(tmp_path, env=address, is_migrated=False) as new:
        reader, terminal = os.openpty()
        new.process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--bind", "127.0.0.1:0", "--workers", "1"],
            cwd=ROOT,
            env=new.env,
            stdin=subprocess.DEVNULL,
            stdout=terminal,
            stderr=subprocess.DEVNULL,
        )
        os.close(terminal)
        printed = b""
        while b"API key" not in printed or not printed.endswith(b"\r\n\r\n"):
            printed += os.read(reader, 4096)
        assert b"Login     ada@example.org\r\n" in printed
        assert re.search(rb"Password  \S{20}\r\n", printed)
        assert re.search(rb"API key   bs_live_\w+\r\n", printed)
        assert not (new.data_dir / "first-login.txt").exists()
        new.stop()
        os.close(reader)


def test_an_impossible_first_address_is_said_plainly(tmp_path):
    with installation(tmp_path, env={"BIZSUITE_ADMIN_EMAIL": "nobody"}) as new:
        done = new.manage("up", "--bind", "127.0.0.1:0")
    assert done.returncode == 1
    assert done.stderr == "CommandError: email: Invalid email format\n"


# ── Two at once, and other mistakes ───────────────────────────────────────────


def test_a_busy_port_is_one_clear_line(product, tmp_path):
    address = product.url.removeprefix("http://")
    with installation(tmp_path) as other:
        done = other.manage("up", "--bind", address)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        f"CommandError: Another program already listens on {address}. "
        "Choose another port with --bind.\n"
    )


def test_a_data_directory_serves_one_installation_at_a_time(product):
    done = product.manage("up", "--bind", "127.0.0.1:0")
    assert done.returncode == 1
    assert done.stderr == (
        "CommandError: Business Suite already runs with the data directory "
        f"{product.data_dir} (process {product.process.pid}).\n"
    )
    assert httpx.get(f"{product.url}/api/v2/").status_code == 401


@pytest.mark.parametrize("workers", ["0", "many"])
def test_an_impossible_number_of_workers_is_refused(product, workers):
    done = product.manage("up", "--workers", workers)
    assert done.returncode == 2
    assert "must be a number from 1 to 64" in done.stderr
