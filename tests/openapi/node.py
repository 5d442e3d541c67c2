"""The programs of tests/openapi/package.json, which `make test` installs beside it."""

import os
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
PROGRAMS = HERE / "node_modules" / ".bin"
# They would tell their makers of each run.
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "CI": "true"}


def run_node_program(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a program of node_modules; `node` itself by that name. AssertionError if it fails."""
    program = shutil.which("node" if name == "node" else PROGRAMS / name)
    assert program, f"{name} is missing: install Node.js 20 or newer, and run `make test` again"
    done = subprocess.run(
        [program, *arguments], capture_output=True, text=True, env=os.environ | QUIET
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done
