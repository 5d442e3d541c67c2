"""Addresses that are secrets themselves, kept out of the log."""

import logging
import re

# What follows /d/ is all that somebody needs to see a customer's document.
_SECRET = re.compile(r"(/d/)[0-9A-Za-z_-]+")


class SecretPathFilter(logging.Filter):
    """Writes `/d/…` wherever a line would say where a shared document is."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if "/d/" in text:
            record.msg, record.args = _SECRET.sub(r"\1…", text), ()
        return True
