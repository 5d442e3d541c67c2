"""Child processes that leave nothing behind: each leads a process group, and dies with its parent."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
# Loaded here because nothing may be loaded between fork and exec.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(parent_id: int) -> None:
    """Ask the kernel to kill the calling process when the thread that forked it is gone.

    Linux only. Elsewhere a process whose parent was killed with -9 has to notice by itself.
    """
    if _libc is None:
        return
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_id:
        os._exit(1)  # it died before the request reached the kernel


def _prepared_child(parent_id: int) -> Callable[[], None]:
    def prepare() -> None:
        die_with_parent(parent_id)

    return prepare


def start_group(
    command: Sequence[str], *, environment: Mapping[str, str], keep_open: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """Start a command as the leader of its own session; its output comes from `.stdout`.

    Call it from the main thread of a single-threaded process: the kernel ties the child's life to
    the thread that starts it.
    """
    process = subprocess.Popen(  # noqa: S603 - our own commands, no shell
        command,
        bufsize=0,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        pass_fds=keep_open,
        preexec_fn=_prepared_child(os.getpid()),
    )
    assert process.stdout is not None
    os.set_blocking(process.stdout.fileno(), False)
    return process


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parents die, so that `kill_group` sees them end.

    Linux only. Elsewhere they end a moment after `kill_group` has returned.
    """
    if _libc is not None:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)


def kill_group(process: subprocess.Popen[bytes] | subprocess.Popen[str]) -> None:
    """Kill the process and all that it started; return once they are gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    with contextlib.suppress(ChildProcessError):  # says that none is left
        while True:
            os.waitpid(-process.pid, 0)
