"""The installation's own secrets, made on first use and kept in the data directory.

Several machines of one installation must share them: give them in the environment then.
"""

import base64
import contextlib
import os
import secrets
from pathlib import Path

FILE_NAME = "secrets.env"


def _generated() -> dict[str, str]:
    return {
        "BIZSUITE_SECRET_KEY": secrets.token_urlsafe(48),
        "BIZSUITE_API_KEY_PEPPER": secrets.token_urlsafe(32),
        # The form Fernet wants: 32 bytes, URL-safe base64.
        "BIZSUITE_ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    }


def load_secrets(data_dir: Path) -> dict[str, str]:
    """Read `secrets.env` in `data_dir`, making it (mode 0600) when there is none.

    Safe when several processes start at once: the file is written aside and linked into place,
    and the first link wins.
    """
    path = data_dir / FILE_NAME
    if not path.exists():
        draft = data_dir / f".{FILE_NAME}.{os.getpid()}.{secrets.token_hex(4)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.writelines(f"{name}={value}\n" for name, value in _generated().items())
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another process was first: its secrets count
            os.link(draft, path)
        draft.unlink()
    lines = path.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
