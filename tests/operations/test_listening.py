import socket
from contextlib import closing

import pytest
from django.core.management.base import CommandError

from bizsuite.operations.listening import local_url, open_listener


@pytest.mark.parametrize(
    "bind", ["8000", "localhost:", ":8000", "localhost:http", "h:65536", "h:²"]
)
def test_an_address_that_is_none_is_named_back(bind):
    with pytest.raises(CommandError) as refused:
        open_listener(bind)
    assert str(refused.value) == (
        f"--bind takes HOST:PORT, for example 127.0.0.1:8000, not {bind!r}."
    )


def test_port_0_chooses_a_free_port_and_names_it():
    with closing(open_listener("127.0.0.1:0")) as listener:
        port = listener.getsockname()[1]
        assert local_url(listener) == f"http://127.0.0.1:{port}"
        socket.create_connection(("127.0.0.1", port)).close()


def test_a_wildcard_is_reached_over_loopback():
    with closing(open_listener("0.0.0.0:0")) as listener:
        assert local_url(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_an_ipv6_address_is_bracketed():
    try:
        listener = open_listener("[::1]:0")
    except CommandError as refused:
        pytest.skip(str(refused))
    with closing(listener):
        assert local_url(listener) == f"http://[::1]:{listener.getsockname()[1]}"


def test_a_busy_port_is_refused_and_named():
    with closing(open_listener("127.0.0.1:0")) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(CommandError, match=f"already listens on {address}"):
            open_listener(address)


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(CommandError, match=r"Cannot listen on 192\.0\.2\.1:0: "):
        open_listener("192.0.2.1:0")


def test_a_name_that_does_not_resolve_is_refused():
    with pytest.raises(CommandError, match=r"Cannot listen on no-such-host\.invalid:0: "):
        open_listener("no-such-host.invalid:0")
