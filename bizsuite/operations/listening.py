"""The address the product answers at.

The supervisor holds the socket and the web server inherits it: a busy port shows before anything
is started, and nobody is refused while the web server restarts.
"""

import errno
import ipaddress
import socket

from django.core.management.base import CommandError

BACKLOG = 1024


def open_listener(bind: str) -> socket.socket:
    """Listen at `HOST:PORT`; port 0 chooses a free one. Raises CommandError in one plain line."""
    host, port = _parse(bind)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        # A port whose last owner has just gone is free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise CommandError(_explain(error, bind)) from error
    return listener


def _parse(bind: str) -> tuple[str, int]:
    host, separator, port = bind.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not separator or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise CommandError(f"--bind takes HOST:PORT, for example 127.0.0.1:8000, not {bind!r}.")
    return host, int(port)


def _explain(error: OSError, bind: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Another program already listens on {bind}. Choose another port with --bind."
    if error.errno == errno.EACCES:
        return f"This user may not listen on {bind}. Choose a port above 1023 with --bind."
    return f"Cannot listen on {bind}: {error.strerror or error}."


def local_url(listener: socket.socket) -> str:
    """Where this machine reaches the listener: a wildcard address answers on loopback too."""
    host, port = listener.getsockname()[:2]
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        host = "127.0.0.1" if address.version == 4 else "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
