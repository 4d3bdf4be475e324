"""Settings of every installation, from the environment; `.env.example` explains each name.

`MODE` is production unless it says demo, dev or test. Only those three have default secrets, demo users, plain
http and loopback endpoints; a production start with a secret missing refuses with one line.
"""

from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from magmanager.common.logs import logging_settings

BASE_DIR = Path(__file__).resolve().parent.parent
NODE_MODULES = BASE_DIR / "node_modules"

env = environ.Env()
env.read_env(BASE_DIR / ".env", overwrite=False)

# The SQLite file, the embedded broker and the demo's ledger; made at run time, never committed.
VAR_DIR = Path(env("VAR_DIR", default=str(BASE_DIR / "var")))

MODE = env("MODE", default="production")
if MODE not in {"production", "demo", "dev", "test"}:
    raise ImproperlyConfigured(f"MODE is {MODE!r}; it must be production, demo, dev or test.")
IN_PRODUCTION = MODE == "production"
DEFAULT_SECRET = "not-for-production-" + "0" * 40
DEFAULT_FIELD_KEY = "demo:bm90LWZvci1wcm9kdWN0aW9uLTAwMDAwMDAwMDAwMDA="


def secret(name: str, default: str) -> str:
    """The secret called `name`; in production it must be set and must not be the default."""
    value: str = env(name, default="" if IN_PRODUCTION else default)
    if IN_PRODUCTION and value in {"", default}:
        raise ImproperlyConfigured(
            f"{name} is not set. Production refuses to start without a secret of its own."
        )
    return value


SECRET_KEY = secret("SECRET_KEY", DEFAULT_SECRET)
# Newest first: the first one encrypts, all of them decrypt.
FIELD_ENCRYPTION_KEYS = secret("FIELD_ENCRYPTION_KEYS", DEFAULT_FIELD_KEY).split(",")
DEBUG = env.bool("DEBUG", default=False)
if IN_PRODUCTION and DEBUG:
    raise ImproperlyConfigured("DEBUG is on. Production refuses to start with it.")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[] if IN_PRODUCTION else ["127.0.0.1", "[::1]"])
# The health check of the container asks by this name.
ALLOWED_HOSTS += ["localhost"]
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS if IN_PRODUCTION and "*" not in host]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "django_htmx",
    "allauth",
    "allauth.account",
    "django_structlog",
    "magmanager.common",
    "settings_app",
    "kashflow",
    "clients",
    "publications",
    "bookings",
    "invoicing",
    "magmanager.overview",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "magmanager.common.middleware.RefusalMiddleware",
]

ROOT_URLCONF = "magmanager.urls"
WSGI_APPLICATION = "magmanager.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
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
                "magmanager.common.nav.navigation",
                "settings_app.context.company",
            ],
        },
    }
]

# --- Database -------------------------------------------------------------------------------------------------

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'magmanager.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE and WAL: without them two writers meet "database is locked" instead of waiting for each other.
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        timeout=20,
        transaction_mode="IMMEDIATE",
        init_command="PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000;",
    )
    DATABASES["default"]["TEST"] = {"NAME": env("TEST_SQLITE_FILE", default=str(VAR_DIR / "test.sqlite3"))}
else:
    DATABASES["default"].setdefault("CONN_MAX_AGE", 60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Work -----------------------------------------------------------------------------------------------------

BROKER_DIR = Path(env("BROKER_DIR", default=str(VAR_DIR / "broker")))
CELERY_BROKER_URL = env("CELERY_BROKER_URL", default="filesystem://localhost/")
CELERY_TASK_IGNORE_RESULT = True
# The nightly hours are those of the office's clock.
CELERY_TIMEZONE = "Europe/London"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# One try: a page that wakes a worker would wait six seconds for the second and third. Workers and beat have their own.
REDIS_OPTIONS: dict[str, object] = {"socket_connect_timeout": 1, "socket_timeout": 5, "max_retries": 0}
if CELERY_BROKER_URL.startswith("filesystem:"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_DIR / "queue"),
        "data_folder_out": str(BROKER_DIR / "queue"),
        "control_folder": str(BROKER_DIR / "control"),
        "polling_interval": 0.1,
    }
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = REDIS_OPTIONS

# --- KashFlow -------------------------------------------------------------------------------------------------

KASHFLOW_URL = env("KASHFLOW_URL", default="https://securedwebapp.com/api/service.asmx")
if IN_PRODUCTION and urlsplit(KASHFLOW_URL).scheme != "https":
    raise ImproperlyConfigured("KASHFLOW_URL must begin with https:// in production.")
# Shrinks every waiting time of the transfer protocol; for tests only.
TIME_SCALE = env.float("TIME_SCALE", default=1.0)
if TIME_SCALE != 1.0 and MODE != "test":
    raise ImproperlyConfigured("TIME_SCALE is for tests; remove it from the environment.")

# --- People ---------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "settings_app.User"
AUTHENTICATION_BACKENDS = ["settings_app.backends.RoleBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
if MODE == "test":
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "settings_app.adapters.ClosedSignUp"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# The demo and the tests log the same person in many times from one address.
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip"} if IN_PRODUCTION else {"login": "600/m/ip"}
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
if IN_PRODUCTION:
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    MESSAGE_STORAGE = "magmanager.common.toasts.HostStorage"
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^health/"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# It counts tries to log in, for all web processes together. Not in Redis: nobody could log in while that is away. With
# Django's 300 entries whoever guesses could push the counts of his own tries out.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "common_cache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    },
}

# --- Language, mail, files, logs ------------------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/London"
USE_I18N = USE_TZ = True
USE_THOUSAND_SEPARATOR = False
vars().update(
    env.email_url("EMAIL_URL", default="smtp://localhost:25" if IN_PRODUCTION else "consolemail://")
)
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="magmanager@localhost")

STATIC_URL = "static/"
# Only production collects; elsewhere files are served from where they are.
STATIC_ROOT = BASE_DIR / "staticfiles" if IN_PRODUCTION else None
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("vendor/tabler/css", NODE_MODULES / "@tabler/core/dist/css"),
    ("vendor/inter/files", NODE_MODULES / "@fontsource-variable/inter/files"),
    ("vendor/htmx", NODE_MODULES / "htmx.org/dist"),
]
# Files are for our own pages: no other site reads them.
WHITENOISE_ALLOW_ALL_ORIGINS = False
if IN_PRODUCTION:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
else:
    WHITENOISE_USE_FINDERS = True
    # Looked for when asked for: a test that makes hundreds of clients would list the folders as often.
    WHITENOISE_AUTOREFRESH = MODE in {"dev", "test"}

DEFAULT_EXCEPTION_REPORTER_FILTER = "magmanager.common.reports.NoSecrets"
LOGGING = logging_settings(env("LOG_FORMAT", default="json" if IN_PRODUCTION else "console"))
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
SILENCED_SYSTEM_CHECKS: list[str] = []
