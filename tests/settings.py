"""The product's settings with a data directory of the tests' own: they never touch `var/`.

One directory for each process, so that pytest-xdist's workers do not share one either.
"""

import atexit
import os
import shutil
import tempfile

_folder = tempfile.mkdtemp(prefix="bizsuite-tests-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ["BIZSUITE_DATA_DIR"] = _folder
# Nor do they meet the database that somebody's .env names.
os.environ["BIZSUITE_ENV_FILE"] = ""
# Programs that a test starts are the product and not the tests.
os.environ["DJANGO_SETTINGS_MODULE"] = "bizsuite.settings"

from bizsuite.settings import *  # noqa: E402, F403

# Strong hashes take a tenth of a second each, and no test is about their strength.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# A test looks right after the commit whether a worker was woken.
EVENT_RELAY_PAUSE_SECONDS = 0.0

# Nor does a thread write while a test's transaction is open: tests write usage themselves.
USAGE_WRITE_SECONDS = None

# Each client of a test builds the middleware: it looks a file up when one is asked for, and does
# not read what there is of hundreds beforehand (25 ms of the 35 that a request took).
WHITENOISE_AUTOREFRESH = True
