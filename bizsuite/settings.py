"""Every setting of the product, read top to bottom. All of it comes from the environment.

`.env.example` lists the variables with their defaults.
"""

import os
from pathlib import Path

import environ
from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured

from bizsuite.dashboard.theme import UNFOLD  # noqa: F401  read by the theme
from bizsuite.installation_secrets import load_secrets
from bizsuite.public_address import public_url

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent
# "production", or "sandbox": demo data in a database of its own (docs/sandbox.md).
ENVIRONMENT = env("BIZSUITE_ENVIRONMENT", default="production")
_SANDBOX = ENVIRONMENT == "sandbox"
# Variables may also stand in a file; what the environment says comes first. The sandbox has a file
# of its own: production's names production's database.
ENV_FILE = env(
    "BIZSUITE_ENV_FILE", default=str(BASE_DIR / (".env.sandbox" if _SANDBOX else ".env"))
)
# As it was given: `up --sandbox` hands it on, without what stands in production's file.
GIVEN_ENVIRONMENT = dict(os.environ)
if ENV_FILE and Path(ENV_FILE).exists():
    env.read_env(ENV_FILE)
if ENVIRONMENT not in ("production", "sandbox"):
    raise ImproperlyConfigured(
        f"BIZSUITE_ENVIRONMENT is {ENVIRONMENT!r}; it must be production or sandbox."
    )
# From the file only the programs that this one starts would have it: half a sandbox.
if env("BIZSUITE_ENVIRONMENT", default=ENVIRONMENT) != ENVIRONMENT:
    raise ImproperlyConfigured(
        f"BIZSUITE_ENVIRONMENT cannot be set in {ENV_FILE}, which is chosen by it."
    )

# ── Where state lives ────────────────────────────────────────────────────────
DATA_DIR = Path(
    env("BIZSUITE_DATA_DIR", default=str(BASE_DIR / ("var/sandbox" if _SANDBOX else "var")))
).resolve()
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)

DEBUG = env.bool("BIZSUITE_DEBUG", default=False)

# ── Secrets: from the environment, else made once and kept in the data directory ──
_secrets = load_secrets(DATA_DIR)
SECRET_KEY = env("BIZSUITE_SECRET_KEY", default=_secrets["BIZSUITE_SECRET_KEY"])
# Apart from SECRET_KEY, so that rotating the one does not lose the others.
API_KEY_PEPPER = env("BIZSUITE_API_KEY_PEPPER", default=_secrets["BIZSUITE_API_KEY_PEPPER"])
# The first encrypts, all decrypt.
ENCRYPTION_KEYS = env.list(
    "BIZSUITE_ENCRYPTION_KEYS", default=[_secrets["BIZSUITE_ENCRYPTION_KEYS"]]
)

# Who gets the first login; only looked at while there is no user.
ADMIN_EMAIL = env("BIZSUITE_ADMIN_EMAIL", default="owner@localhost")

# ── Who may reach it ─────────────────────────────────────────────────────────
ALLOWED_HOSTS = env.list("BIZSUITE_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("BIZSUITE_CSRF_TRUSTED_ORIGINS", default=[])
# What links that leave in mails begin with; empty where nothing says what it is.
PUBLIC_URL = public_url(env, origins=CSRF_TRUSTED_ORIGINS)
# Days for which a link that a customer was sent is good: after today, after an invoice's due date,
# after a quote's last day.
LINK_DAYS = env.int("BIZSUITE_LINK_DAYS", default=90)
# Addresses or networks of the proxies whose X-Forwarded-For and -Proto are believed.
TRUSTED_PROXIES = env.list("BIZSUITE_TRUSTED_PROXIES", default=[])

# ── What it is made of ───────────────────────────────────────────────────────
INSTALLED_APPS = [
    # Before the theme, so that our templates come before its.
    "bizsuite.backoffice",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "bizsuite.dashboard.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "bizsuite.identity",
    "bizsuite.events",
    "bizsuite.numbering",
    "bizsuite.api",
    "bizsuite.mail",
    "bizsuite.usage",
    "bizsuite.team",
    "customers",
    "crm",
    "billing",
    "support",
    "reporting",
    "webhooks",
    "bizsuite.dashboard",
    "bizsuite.sandbox",
    "bizsuite.operations",
]
MIDDLEWARE = [
    # Outermost, so that every answer, even an error's, has its request id and headers.
    "bizsuite.api.middleware.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "bizsuite.usage.middleware.UsageMiddleware",
    "bizsuite.api.middleware.ApiMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "bizsuite.backoffice.middleware.StaffMiddleware",
]
ROOT_URLCONF = "bizsuite.urls"
WSGI_APPLICATION = "bizsuite.wsgi.application"
APPEND_SLASH = True
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "bizsuite.dashboard.branding.environment_notice",
            ],
        },
    },
]

# ── Database: SQLite in the data directory, or what DATABASE_URL names ──────────
DATABASES = {
    "default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'bizsuite.sqlite3'}")
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"] |= {
        "ENGINE": "bizsuite.sqlite",
        "CONN_MAX_AGE": None,
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
    }
else:
    DATABASES["default"] |= {
        "CONN_MAX_AGE": env.int("BIZSUITE_DATABASE_CONN_MAX_AGE", default=600),
        "CONN_HEALTH_CHECKS": True,
    }
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault(
        "options", "-c statement_timeout=30000 -c lock_timeout=20000"
    )

# ── Redis: counts requests and carries jobs when there is one ────────────────────
REDIS_URL = env("REDIS_URL", default="")
# Apart, so that the sandbox and the production environment can share one Redis.
REDIS_KEY_PREFIX = env("BIZSUITE_REDIS_KEY_PREFIX", default=f"bizsuite-{ENVIRONMENT}")

# ── Jobs: Celery, over Redis, or over files in the data directory ───────────────
# The database is the truth about all due work; the broker only carries hints.
EMBEDDED = not REDIS_URL
if EMBEDDED:
    QUEUE_DIR = DATA_DIR / "queue"
    for folder in (QUEUE_DIR / "messages", QUEUE_DIR / "control"):
        folder.mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_URL = "filesystem://localhost"
    CELERY_BROKER_TRANSPORT = "bizsuite.operations.file_queue:Transport"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        # One folder for both: who sends and who receives share it.
        "data_folder_in": str(QUEUE_DIR / "messages"),
        "data_folder_out": str(QUEUE_DIR / "messages"),
        "control_folder": str(QUEUE_DIR / "control"),
        "polling_interval": 0.1,
    }
else:
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        # A nudge must not hold a request up when Redis is away: kombu would knock for seconds.
        "socket_connect_timeout": 0.2,
        "socket_timeout": 5,
        "max_retries": 0,
        "global_keyprefix": f"{REDIS_KEY_PREFIX}:",
    }
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_ENABLE_REMOTE_CONTROL = not EMBEDDED
CELERY_WORKER_CONCURRENCY = env.int("BIZSUITE_JOB_PROCESSES", default=2)
# Hints are cheap and jobs are short: take them one by one, so that no process hoards them.
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "bizsuite.operations.schedule:Scheduler"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "schedule")
CELERY_TIMEZONE = "UTC"


def _every(seconds: int, task: str) -> dict[str, object]:
    """A periodic task that is dropped when the next one is due: a backlog helps nobody."""
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}}


CELERY_BEAT_SCHEDULE = {
    "relay-events": _every(5, "bizsuite.events.tasks.relay"),
    "announce-overdue-invoices": _every(3600, "billing.tasks.announce_overdue_invoices"),
    "expire-quotes": _every(600, "billing.tasks.expire_past_quotes"),
    "remind-customers": _every(600, "billing.tasks.remind_customers"),
    # Every ten minutes: a day begins at another time in each time zone.
    "generate-recurring-invoices": _every(600, "billing.tasks.generate_recurring_invoices"),
    "send-mails": _every(30, "bizsuite.mail.tasks.send"),
    "prune-mails": _every(3600, "bizsuite.mail.tasks.prune"),
    "sweep-files": _every(6 * 3600, "support.tasks.sweep_unused_files"),
    "deliver-webhooks": _every(5, "webhooks.tasks.deliver"),
    "prune-webhooks": _every(600, "webhooks.tasks.prune"),
    "prune-rate-windows": _every(600, "bizsuite.api.tasks.prune_rate_windows"),
    "prune-nonces": _every(600, "bizsuite.api.tasks.prune_nonces"),
    "prune-usage": _every(3600, "bizsuite.usage.tasks.prune_usage"),
    "prune-idempotent-answers": _every(3600, "bizsuite.api.tasks.prune_idempotent_answers"),
}

if _SANDBOX:
    # Every ten minutes, so that a machine that was off at midnight catches up.
    CELERY_BEAT_SCHEDULE["reset-sandbox"] = {
        "task": "bizsuite.sandbox.tasks.reset_if_due",
        "schedule": crontab(minute="*/10"),
        "options": {"expires": 600},
    }

# ── Events: the tasks that get every event once it is committed and numbered ─────
EVENT_CONSUMERS = {
    "webhooks": "webhooks.tasks.fan_out",
    "billing": "billing.tasks.read_events",
    "crm": "crm.tasks.read_events",
}
# A process wakes the relay once in this time; under load one relay numbers what many requests did.
# Less often where a hint is a file and every transaction keeps all other writers waiting.
EVENT_RELAY_PAUSE_SECONDS = 0.5 if EMBEDDED else 0.1

# ── The API ──────────────────────────────────────────────────────────────────
API_PREFIX = "/api/v2"
RATE_LIMIT_PER_HOUR = env.int("BIZSUITE_RATE_LIMIT_PER_HOUR", default=1000)
# How long a process may keep counts of usage before it writes them; None: somebody else does.
USAGE_WRITE_SECONDS = 2.0
USAGE_KEPT_DAYS = env.int("BIZSUITE_USAGE_KEPT_DAYS", default=90)
MAX_BODY_BYTES = 2_000_000
MAX_BATCH_BODY_BYTES = 10_000_000
# Where files come in, as base64.
MAX_UPLOAD_BODY_BYTES = 10_000_000
# Forms of the admin, with their files: Django has no limit for those. Roomier than what a form
# accepts, so that its own words come first.
MAX_FORM_BODY_BYTES = 60_000_000
MAX_URL_BYTES = 8_000
# Django's own limit speaks first on bodies it reads; ours are checked before that.
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BATCH_BODY_BYTES
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["bizsuite.api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["bizsuite.api.permissions.RolePermission"],
    "DEFAULT_RENDERER_CLASSES": ["bizsuite.api.rendering.ExactJSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["bizsuite.api.parsing.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "bizsuite.api.schema.ResourceSchema",
    "EXCEPTION_HANDLER": "bizsuite.api.exceptions.answer_exception",
    "URL_FORMAT_OVERRIDE": None,
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": False,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Business Suite API",
    "VERSION": "2.0.0",
    "OAS_VERSION": "3.1.0",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": API_PREFIX,
    # Not its own hook for enums: it names them by guessing, and a new one renames the others.
    "POSTPROCESSING_HOOKS": ["bizsuite.api.schema_document.complete"],
    "LICENSE": {"name": "MIT", "identifier": "MIT"},
    "SERVERS": [{"url": "/", "description": "This installation"}],
}

# ── Webhooks ─────────────────────────────────────────────────────────────────
# Hosts that may be private, speak plain http and use any port.
WEBHOOK_ALLOWED_HOSTS = env.list("BIZSUITE_WEBHOOK_ALLOWED_HOSTS", default=[])
# So many deliveries may wait for one endpoint. Then it is paused and the administrators are told.
WEBHOOK_BACKLOG_LIMIT = env.int("BIZSUITE_WEBHOOK_BACKLOG_LIMIT", default=10_000)
if WEBHOOK_BACKLOG_LIMIT < 10:
    raise ImproperlyConfigured("BIZSUITE_WEBHOOK_BACKLOG_LIMIT must be 10 or more.")
# Days for which deliveries are kept: after they arrived, and after they were given up.
WEBHOOK_RETENTION_DAYS = env.int("BIZSUITE_WEBHOOK_RETENTION_DAYS", default=30)
WEBHOOK_FAILED_RETENTION_DAYS = env.int("BIZSUITE_WEBHOOK_FAILED_RETENTION_DAYS", default=90)
if min(WEBHOOK_RETENTION_DAYS, WEBHOOK_FAILED_RETENTION_DAYS) < 1:
    raise ImproperlyConfigured("Deliveries of webhooks are kept for a day at least.")

# ── Mail: to the server that EMAIL_URL names (smtp+tls://user:password@host:587) ──
# Without one nothing leaves the machine: mails become files in the data directory.
_mail = env.email_url("EMAIL_URL", default="filemail://")
# From a sandbox none leaves at all: its rows in the queue are what there is to read.
EMAIL_BACKEND = "bizsuite.mail.captured.EmailBackend" if _SANDBOX else _mail["EMAIL_BACKEND"]
EMAIL_HOST, EMAIL_PORT = _mail["EMAIL_HOST"] or "localhost", _mail["EMAIL_PORT"] or 25
EMAIL_HOST_USER = _mail["EMAIL_HOST_USER"] or ""
EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS = _mail.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _mail.get("EMAIL_USE_SSL", False)
EMAIL_FILE_PATH = _mail["EMAIL_FILE_PATH"] or str(DATA_DIR / "mail")
EMAIL_TIMEOUT = 20
# What mails come from when neither the department nor the organisation has an address.
DEFAULT_FROM_EMAIL = env("BIZSUITE_MAIL_FROM", default="support@localhost")
MAIL_KEEP_DAYS = env.int("BIZSUITE_MAIL_KEEP_DAYS", default=90)

# ── Staff: signing in to the admin ──────────────────────────────────────────────
AUTH_USER_MODEL = "identity.User"
# auth.W004 asks for a unique e-mail column; ours is unique whatever the case (a constraint).
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
AUTHENTICATION_BACKENDS = ["bizsuite.team.signing_in.BrakedEmailBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {"user_attributes": ("name", "email")}),
        ("MinimumLengthValidator", {}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# Plain HTTP is answered on loopback only (see bizsuite.api.middleware), where a Secure cookie
# would keep people from signing in; behind a TLS proxy both cookies are Secure.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = bool(TRUSTED_PROXIES)
SECURE_CONTENT_TYPE_NOSNIFF = True
# Sent on HTTPS only. 30 days: long enough to protect, short enough to take back.
SECURE_HSTS_SECONDS = 30 * 24 * 60 * 60
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# A draft with a thousand items is a form with ten thousand fields.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

# ── Language, time, files ────────────────────────────────────────────────────────
LANGUAGE_CODE = "en-gb"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"  # instants; days and months are the organisation's (identity.Organisation)
STATIC_URL = "/static/"
# Served from where the packages keep them: nothing to collect.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "bizsuite.api.request_ids.RequestIdFilter"},
        "outages": {"()": "bizsuite.operations.outages.OutageFilter"},
        "secret_paths": {"()": "bizsuite.api.secret_paths.SecretPathFilter"},
    },
    "formatters": {
        "plain": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"}
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "plain",
            "filters": ["request_id", "outages", "secret_paths"],
        }
    },
    "root": {"handlers": ["console"], "level": env("BIZSUITE_LOG_LEVEL", default="INFO")},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        # One line per refused request is noise: the API answers it and usage counts it.
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "httpx": {"level": "WARNING"},
        # So is one line per hint and per sweep.
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
    },
}
