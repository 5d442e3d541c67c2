"""Gunicorn's settings: `gunicorn -c python:bizsuite.operations.web_server bizsuite.wsgi`."""

from gunicorn.arbiter import Arbiter

from bizsuite.operations.processes import die_with_parent
from bizsuite.operations.web_worker import EnvelopeWorker

worker_class = EnvelopeWorker
threads = 8
# Loaded once and shared by the forked workers: half the memory, and a mistake shows at once.
preload_app = True
# Longer than a browser or a client library pauses between two requests of one task.
keepalive = 15
# Requests under way get this long to end when the product stops; all must be over in five.
graceful_timeout = 2
# The most that gunicorn allows. What is above MAX_URL_BYTES and below this, the API refuses.
limit_request_line = 8190
limit_request_field_size = 8190
# Nobody's X-Forwarded-* is interpreted here: TRUSTED_PROXIES decides, in `bizsuite.api.clients`.
forwarded_allow_ips = ""
# Managed by the supervisor, not by a second program through a socket in the home directory.
control_socket_disable = True
errorlog = "-"
loglevel = "warning"


def post_fork(server: Arbiter, worker: EnvelopeWorker) -> None:
    die_with_parent(server.pid)
