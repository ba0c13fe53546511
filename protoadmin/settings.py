"""All settings, read from the environment; docs/OPERATIONS.md describes each one.

`make run` and `make serve` write missing keys once into var/secrets.env; they are read from there.
"""

import base64
import hashlib
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static

from protoadmin.navigation import SIDEBAR

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
if (VAR_DIR / "secrets.env").is_file():
    env.read_env(VAR_DIR / "secrets.env")

DEBUG = env.bool("DEBUG", default=False)


def _required_key(name: str, stand_in: str) -> str:
    """Return a key from the environment; under DEBUG alone a stand-in serves."""
    value: str = env.str(name, default="")
    if value:
        return value
    if DEBUG:
        return stand_in
    raise ImproperlyConfigured(
        f"{name} is not set. `make run` and `make serve` write one into var/secrets.env; "
        f"otherwise set {name} in the environment, or DEBUG=1 on a machine of your own."
    )


SECRET_KEY = _required_key("SECRET_KEY", "insecure-key-for-debug-only")
FIELD_ENCRYPTION_KEYS: list[str] = [
    key.strip()
    for key in _required_key(
        "FIELD_ENCRYPTION_KEYS",
        base64.urlsafe_b64encode(hashlib.sha256(b"debug only").digest()).decode(),
    ).split(",")
    if key.strip()
]

ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
PORT = env.int("PORT", default=8000)
PUBLIC_URL: str = env.str("PUBLIC_URL", default=f"http://127.0.0.1:{PORT}").rstrip("/")
SANDBOX_PORT = env.int("SANDBOX_PORT", default=PORT + 1)
TRUSTED_PROXIES: list[str] = env.list("TRUSTED_PROXIES", default=[])
REDIS_URL: str = env.str("REDIS_URL", default="")
CALL_RETENTION_DAYS = env.int("CALL_RETENTION_DAYS", default=180)
DELIVERY_RETENTION_DAYS = env.int("DELIVERY_RETENTION_DAYS", default=90)
WEBHOOK_MAX_BODY_BYTES = env.int("WEBHOOK_MAX_BODY_BYTES", default=1024 * 1024)
# Seconds within which the same bytes on the same channel are taken for a repeat; 0: never.
WEBHOOK_REPEAT_WINDOW = env.int("WEBHOOK_REPEAT_WINDOW", default=60)
RUN_FILE_RETENTION_DAYS = env.int("RUN_FILE_RETENTION_DAYS", default=30)
# What /readyz calls overdue, in seconds; who knows METRICS_TOKEN may read /metrics.
READY_CALL_SECONDS = env.int("READY_CALL_SECONDS", default=300)
READY_DELIVERY_SECONDS = env.int("READY_DELIVERY_SECONDS", default=60)
METRICS_TOKEN: str = env.str("METRICS_TOKEN", default="")

# Served over https (PUBLIC_URL says so): cookies and redirects hold to it.
HTTPS = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=False)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000 if HTTPS else 0)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
# Whether HSTS covers subdomains and goes into browsers' preload lists is the domain owner's decision.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14

INSTALLED_APPS = [
    "protoadmin.screens",
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "protoadmin.apps.ProtoAdminConfig",
    "django_q",
    "protoadmin.workers",
    "protoadmin.files",
    "protoadmin.connections",
    "protoadmin.runs",
    "protoadmin.outbox",
    "customers",
    "conversations",
    "webhooks",
    "protoadmin.dashboard",
    "protoadmin.staff",
    "ninja",
    "protoadmin.api",
    "protoadmin.sandbox.apps.SandboxConfig",
]

MIDDLEWARE = [
    "protoadmin.health.middleware.Health",
    "protoadmin.api.problems.JsonProblems",
    "protoadmin.middleware.ForwardedHeaders",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "protoadmin.middleware.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "protoadmin.middleware.ReaderTimeZone",
]

ROOT_URLCONF = "protoadmin.urls"
WSGI_APPLICATION = "protoadmin.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "protoadmin.workers.context.worker_health",
            ],
        },
    }
]

# --- database -----------------------------------------------------------------------------------

# FULL: a commit is on the disk before it is answered, so that it survives a power cut. NORMAL is
# quicker and may lose the last commits then; docs/OPERATIONS.md gives the measured price.
SQLITE_SYNCHRONOUS = env.str("SQLITE_SYNCHRONOUS", default="FULL")
if SQLITE_SYNCHRONOUS not in {"FULL", "NORMAL"}:
    raise ImproperlyConfigured("SQLITE_SYNCHRONOUS is FULL or NORMAL.")


def _database() -> dict[str, Any]:
    """Return DATABASES["default"], with what each engine needs to serve many processes."""
    config: dict[str, Any] = env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'proto-admin.sqlite3'}")
    config["CONN_MAX_AGE"] = None
    if config["ENGINE"] == "django.db.backends.sqlite3":
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                f"PRAGMA journal_mode=WAL; PRAGMA synchronous={SQLITE_SYNCHRONOUS}; "
                "PRAGMA cache_size=-32000; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=268435456;"
            ),
        }
    else:
        config["CONN_HEALTH_CHECKS"] = True
        config.setdefault("OPTIONS", {}).setdefault("connect_timeout", 10)
    return config


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- workers ------------------------------------------------------------------------------------

# The values were measured to hold (docs/ARCHITECTURE.md, "Workers"): timeout < retry, a small
# queue_limit so that a killed cluster holds few tasks, no stored results.
Q_CLUSTER: dict[str, Any] = {
    "name": "proto-admin",
    "workers": env.int("WORKERS", default=4),
    "timeout": 60,
    "retry": 150,
    "queue_limit": 4,
    "bulk": 1,
    "poll": 0.1,
    "ack_failures": False,
    "max_attempts": 5,
    "save_limit": -1,
    "catch_up": False,
    "recycle": 500,
    "label": "Workers",
}
if REDIS_URL:
    Q_CLUSTER["redis"] = REDIS_URL
else:
    Q_CLUSTER["orm"] = "default"

# --- people, language, time ---------------------------------------------------------------------

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
PHONE_DEFAULT_REGION: str = env.str("PHONE_DEFAULT_REGION", default="")

# --- files --------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
MEDIA_ROOT = VAR_DIR / "files"
# Hashed names once `collectstatic` has run (make run and make serve do); before that the files are
# served from the apps as they are, so that a bare `manage.py runserver` works too.
STATIC_COLLECTED = not DEBUG and (STATIC_ROOT / "staticfiles.json").is_file()
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not STATIC_COLLECTED
# Where the files of runs are: on this machine's disk, in the database (every machine finds them there), or in
# whatever storage class is named, with FILE_STORAGE_OPTIONS as JSON.
_BACKENDS = {
    "disk": "django.core.files.storage.FileSystemStorage",
    "database": "protoadmin.files.storage.DatabaseStorage",
}
_on_sqlite = DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
FILE_STORAGE = env.str("FILE_STORAGE", default="disk" if _on_sqlite else "database")
STORAGES = {
    "default": {
        "BACKEND": _BACKENDS.get(FILE_STORAGE, FILE_STORAGE),
        "OPTIONS": env.json("FILE_STORAGE_OPTIONS", default={}),
    },
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if STATIC_COLLECTED or env.bool("COLLECTING_STATIC", default=False)
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# --- look ---------------------------------------------------------------------------------------

UNFOLD = {
    "SITE_TITLE": "Proto Admin",
    "SITE_HEADER": "Proto Admin",
    "SITE_SYMBOL": "forum",
    "SITE_URL": None,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("protoadmin/icon.svg")}],
    "SHOW_VIEW_ON_SITE": False,
    "STYLES": [lambda request: static("protoadmin/app.css")],
    "SCRIPTS": [lambda request: static("protoadmin/app.js")],
    "SIDEBAR": SIDEBAR,
    "DASHBOARD_CALLBACK": "protoadmin.dashboard.home.dashboard",
    "COMMAND": {"search_models": False},
    "COLORS": {
        "primary": {
            "50": "oklch(97.0% .014 254.6)",
            "100": "oklch(93.2% .032 255.6)",
            "200": "oklch(88.2% .059 254.1)",
            "300": "oklch(80.9% .105 251.8)",
            "400": "oklch(70.7% .165 254.6)",
            "500": "oklch(62.3% .214 259.8)",
            "600": "oklch(54.6% .245 262.9)",
            "700": "oklch(48.8% .243 264.4)",
            "800": "oklch(42.4% .199 265.6)",
            "900": "oklch(37.9% .146 265.5)",
            "950": "oklch(28.2% .091 267.9)",
        }
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {"django-q": {"handlers": ["console"], "level": "WARNING", "propagate": False}},
}
