"""Django settings. Whatever differs between installations comes from environment variables.

`.env.example` lists the variables; a bad value stops the start with a message that names it.
"""

import gc
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import kombu
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from recsite.common.queue import Queue
from recsite.env import Environment
from recsite.logs import logging_config, start_error_reports

# Python's own 700 is for small programs: a start and every page make many times as many objects,
# nearly all of which stay or go by themselves. Looking for garbage took a tenth of a start.
gc.set_threshold(10_000, 20, 20)

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment(BASE_DIR / ".env")

# The state of the embedded default; `site.env` has the addresses of a site that `make run` serves.
BOOKFOLD_HOME = env.folder("BOOKFOLD_HOME", BASE_DIR / ".local")
env.read_site(BOOKFOLD_HOME)

# Which Bookfold this is: its footer and `/health/ready` say so.
VERSION: str = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"]

# The kind of installation.
DEBUG = env.flag("DEBUG", default=False)
SECRET_KEY = env.text("SECRET_KEY")
if len(SECRET_KEY) < 32:
    raise ImproperlyConfigured("SECRET_KEY must have at least 32 characters.")
SECRET_KEY_FALLBACKS = env.strings("SECRET_KEY_FALLBACKS", [])
ALLOWED_HOSTS = env.strings("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.strings("CSRF_TRUSTED_ORIGINS", [])
HTTPS = env.flag("HTTPS", default=False)

# The data that `make run` starts with.
BOOKFOLD_DATA = env.text("BOOKFOLD_DATA", "")

INSTALLED_APPS = [
    "recsite.accounts",
    "recsite.mail",
    "catalog",
    "recommender",
    "recsite.apps.Admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "django_celery_beat",
    "django_htmx",
    "django_prometheus",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "recsite.request_ids.RequestIds",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "recsite.middleware.PrivatePages",
    "django.middleware.common.CommonMiddleware",
    "recsite.middleware.RefuseNul",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "recsite.middleware.SecondStepOfStaff",
    "recsite.accounts.limits.Limits",
    "django_htmx.middleware.HtmxMiddleware",
    "recsite.errors.GoneMeanwhile",
    "recsite.middleware.TimeZoneOfVisitor",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "recsite.urls"
WSGI_APPLICATION = "recsite.wsgi.application"

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
                "recommender.context_processors.site",
            ],
        },
    },
]


# Storage.
DATABASES = {"default": env.database("DATABASE_URL")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.url("REDIS_URL", schemes=("redis", "rediss", "unix"))
# What a page needs is in the database, so that Valkey may be away: sessions, and the counts of
# allauth's limits.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "accounts_limits",
    },
    # What every page asks for and hardly ever changes, for a minute and without a round trip.
    "process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "TIMEOUT": 60},
}
SESSION_COOKIE_AGE = 60 * 60 * 24 * 90

# Releases of the model: where they come from, and the host's copy that all processes map.
RELEASE_STORE = env.text("RELEASE_STORE", (BOOKFOLD_HOME / "store").as_uri())
RELEASE_CACHE = env.folder("RELEASE_CACHE", BOOKFOLD_HOME / "cache")
RELEASES_KEPT = env.integer("RELEASES_KEPT", 5, minimum=1)  # the newest; those in use stay anyway
RELEASE_POLL_SECONDS = env.number("RELEASE_POLL_SECONDS", 10.0, minimum=0.1)
S3_ENDPOINT_URL = env.url("S3_ENDPOINT_URL", "", schemes=("http", "https"))

# How Goodreads and Open Library know us. Without a contact neither is asked.
CONTACT_EMAIL = env.text("CONTACT_EMAIL", "")
USER_AGENT = env.text("USER_AGENT", "")  # Bookfold's name and the contact, unless it says otherwise

# Goodreads. Without a key the legacy API is off.
GOODREADS_BASE_URL = env.url(
    "GOODREADS_BASE_URL", "https://www.goodreads.com", schemes=("http", "https")
)
GOODREADS_API_KEY = env.text("GOODREADS_API_KEY", "")
SAMPLE_READER = env.text("SAMPLE_READER", "")  # a number to try the stand-in with
GOODREADS_PAUSE_SECONDS = env.number("GOODREADS_PAUSE_SECONDS", 1.5)
GOODREADS_MAX_PAGES = env.integer("GOODREADS_MAX_PAGES", 100, minimum=1)
IMPORT_COOLDOWN_SECONDS = env.integer("IMPORT_COOLDOWN_SECONDS", 60)
IMPORT_ROWS_KEPT_DAYS = env.integer("IMPORT_ROWS_KEPT_DAYS", 90, minimum=1)
IMPORT_MAX_BYTES = env.integer("IMPORT_MAX_BYTES", 20 * 1024 * 1024, minimum=1024)
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "recsite.common.uploads.BoundedUploadHandler",
]

# Open Library allows three requests a second to clients that name a contact, and none to others.
OPENLIBRARY_BASE_URL = env.url(
    "OPENLIBRARY_BASE_URL", "https://openlibrary.org", schemes=("http", "https")
)
OPENLIBRARY_REQUESTS_PER_SECOND = env.number("OPENLIBRARY_REQUESTS_PER_SECOND", 3.0, minimum=0.01)
ENRICHMENT_BATCHES = env.integer("ENRICHMENT_BATCHES", 1)  # at once; 0 turns enrichment off

# Books that the catalog lacks: those of readers, and those that are popular at Open Library, are
# added (auto, add), wait for a curator (ask), or nothing is asked (off).
ADD_BOOKS = env.choice("ADD_BOOKS", "auto", among=("auto", "ask", "off"))
ADD_BOOKS_REQUESTS_A_DAY = env.integer("ADD_BOOKS_REQUESTS_A_DAY", 10_000, minimum=1)
ADD_BOOKS_BATCHES = env.integer("ADD_BOOKS_BATCHES", 1, minimum=1)  # at once
POPULAR_BOOKS = env.choice("POPULAR_BOOKS", "ask", among=("add", "ask", "off"))
POPULAR_LANGUAGES = env.strings("POPULAR_LANGUAGES", ["eng"])  # ISO 639-3
POPULAR_FEWEST_SHELVES = env.integer("POPULAR_FEWEST_SHELVES", 100, minimum=1)
POPULAR_A_YEAR = env.integer("POPULAR_A_YEAR", 100, minimum=1, maximum=1000)

# Background tasks. A task's hard time limit is shorter than the broker's visibility timeout, so
# that a message is delivered again only when its task has certainly ended.
CELERY_APP = "workers.app.app"
CELERY_TASK_QUEUES = [kombu.Queue(queue) for queue in Queue]  # of a worker that is told none
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    # A broker that is down must not keep a page waiting.
    "max_retries": 1,
    "interval_start": 0.0,
    "interval_max": 0.2,
    "socket_connect_timeout": 2.0,
    "socket_timeout": 5.0,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 1800
CELERY_TASK_SOFT_TIME_LIMIT = 1740
# How long a worker that is told to quit waits for its tasks before it hands them back.
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 8.0
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "workers.beat.Scheduler"


def _every(seconds: float, task: str, *, queue: Queue = Queue.BACKGROUND) -> dict[str, Any]:
    """A periodic task; its message is of no use once the next one is sent."""
    options = {"queue": queue.value, "expire_seconds": round(seconds)}
    return {"task": task, "schedule": seconds, "options": options}


CELERY_BEAT_SCHEDULE = {
    "import jobs that stand still": _every(15.0, "imports.requeue_stalled", queue=Queue.PAGE),
    "begin with books that are due": _every(60.0, "catalog.queue_enrichment"),
    "previews nobody came back to": _every(3600.0, "imports.expire_previews"),
    "rows of old imports": _every(86_400.0, "imports.prune_rows"),
    "curators' files of yesterday": _every(3600.0, "catalog.remove_old_files"),
    "look for a new release": _every(30.0, "releases.record_latest"),
    "look for readers' books": _every(60.0, "library.queue_look_ups"),
    "forget books nobody wants": _every(86_400.0, "library.forget_wanted"),
    "popular books of these years": _every(604_800.0, "catalog.find_popular"),
    "linked shelves that are due": _every(900.0, "imports.start_due_refreshes"),
    "books since the release": _every(30.0, "recommender.link_added_books"),
    "old releases of the model": _every(86_400.0, "releases.prune"),
    "email that waits": _every(60.0, "mail.queue_due", queue=Queue.PAGE),
    "new books by email": _every(3600.0, "readers.queue_digests"),
    "offer again what was postponed": _every(86_400.0, "readers.readmit_postponed"),
    "remove expired sessions": _every(86_400.0, "readers.clear_sessions"),
    "remove forgotten guests": _every(86_400.0, "readers.remove_forgotten_guests"),
}

# Accounts.
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# Limits by `recsite.accounts.limits`, times this: a school behind one address needs more.
LIMITS_FACTOR = env.number("LIMITS_FACTOR", 1.0, minimum=0.1)
# Those of allauth that it replaces. What is left of `login_failed` counts codes of the second step.
ACCOUNT_RATE_LIMITS = {
    **dict.fromkeys(("login", "signup", "reset_password")),
    "login_failed": "5/5m/key",
}
ALLAUTH_TRUSTED_PROXY_COUNT = env.integer("TRUSTED_PROXIES", 0, maximum=10)
ACCOUNT_ADAPTER = "recommender.account_adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Bookfold] "
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
MFA_ADAPTER = "recsite.accounts.mfa.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS  # browsers allow it on localhost alone
MFA_FORMS = {"add_webauthn": "recsite.accounts.forms.AddPasskeyForm"}
MFA_TOTP_ISSUER = "Bookfold"
MFA_TOTP_TOLERANCE = 1  # a phone's clock may be half a minute off
# Who may make an account here: anybody, who is invited (`manage.py invite`), or nobody.
SIGN_UP = env.choice("SIGN_UP", "open", among=("open", "invited", "closed"))
INVITATION_DAYS = env.integer("INVITATION_DAYS", 14, minimum=1)
# An issuer of OpenID Connect. It must have seen to it that the addresses it calls verified are
# those of its people.
OIDC_ISSUER = env.url("OIDC_ISSUER", "", schemes=("http", "https")).rstrip("/")
OIDC_ORIGIN = ["{0.scheme}://{0.netloc}".format(urlsplit(OIDC_ISSUER))] if OIDC_ISSUER else []
# Which of its people may make an account by coming from there.
OIDC_SIGN_UP = env.choice("OIDC_SIGN_UP", SIGN_UP, among=("open", "invited", "closed"))
OIDC_NAME = env.text("OIDC_NAME", "single sign-on")
OIDC_CLIENT_ID = env.text("OIDC_CLIENT_ID", "")
OIDC_CLIENT_SECRET = env.text("OIDC_CLIENT_SECRET", "")
if OIDC_ISSUER and not (OIDC_CLIENT_ID and OIDC_CLIENT_SECRET):
    raise ImproperlyConfigured("OIDC_ISSUER needs OIDC_CLIENT_ID and OIDC_CLIENT_SECRET.")
# Which values of a claim make somebody what; where none is named, roles are given in the admin.
OIDC_ROLES_CLAIM = env.text("OIDC_ROLES_CLAIM", "groups")
OIDC_CURATORS = env.strings("OIDC_CURATORS", [])
OIDC_OPERATORS = env.strings("OIDC_OPERATORS", [])
OIDC_SUPERUSERS = env.strings("OIDC_SUPERUSERS", [])
SOCIALACCOUNT_ADAPTER = "recommender.sign_on.SignOnAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "sso",
                "name": OIDC_NAME,
                "client_id": OIDC_CLIENT_ID,
                "secret": OIDC_CLIENT_SECRET,
                "settings": {"server_url": OIDC_ISSUER},
            }
        ]
        if OIDC_ISSUER
        else [],
    }
}
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "recommendations"
LOGOUT_REDIRECT_URL = "landing"
GUEST_KEPT_DAYS = env.integer("GUEST_KEPT_DAYS", 60, minimum=1)
# What guests may cause all together: whoever drops the cookie is a new one.
GUEST_PULLS_AN_HOUR = env.integer("GUEST_PULLS_AN_HOUR", 300)
GUEST_SEARCHES_AN_HOUR = env.integer("GUEST_SEARCHES_AN_HOUR", 600)
# The language of the books on a list where neither the reader nor the library names one.
DEFAULT_LANGUAGE = env.language("DEFAULT_LANGUAGE", "eng")

# The site's own URL, for links in email; without it no digests are sent. A site that shares its
# host with others has a path there, below which all its pages, files and cookies are.
SITE_URL = env.url("SITE_URL", "", schemes=("http", "https"))
SITE_PATH = env.path("SITE_URL", "")
FORCE_SCRIPT_NAME = SITE_PATH or None
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = f"{SITE_PATH}/"

# E-mail. Pages store it; a worker hands it to the server, or writes files if none is named.
EMAIL_HOST = env.text("EMAIL_HOST", "")
# TLS from the first byte (usually port 465), or begun by STARTTLS (587).
EMAIL_USE_SSL = env.flag("EMAIL_USE_SSL", default=False)
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", default=not EMAIL_USE_SSL)
if EMAIL_USE_SSL and EMAIL_USE_TLS:
    raise ImproperlyConfigured("EMAIL_USE_SSL and EMAIL_USE_TLS are both true; keep one of them.")
EMAIL_PORT = env.integer("EMAIL_PORT", 465 if EMAIL_USE_SSL else 587, minimum=1, maximum=65535)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", "")
EMAIL_TIMEOUT = 20  # seconds of silence
EMAIL_BACKEND = "recsite.mail.backend.QueueBackend"
MAIL_TRANSPORT = (
    "django.core.mail.backends.smtp.EmailBackend"
    if EMAIL_HOST
    else "recsite.mail.backend.PrivateFileBackend"
)
EMAIL_FILE_PATH = BOOKFOLD_HOME / "mail"
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", CONTACT_EMAIL or "bookfold@localhost")

# Language and time.
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

# Static files.
STATIC_URL = f"{SITE_PATH}/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = env.folder("STATIC_ROOT", BOOKFOLD_HOME / "static")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Security.
# Open Library's covers are shown where the site says whom it belongs to, as Open Library asks.
COVER_HOST = env.url(
    "COVER_HOST", "https://covers.openlibrary.org" if CONTACT_EMAIL else "", schemes=("https",)
)
# Open Library redirects many covers to the Internet Archive, which the policy must allow too.
COVER_SOURCES = [COVER_HOST, "https://archive.org", "https://*.archive.org"] if COVER_HOST else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, *COVER_SOURCES],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        # The form that leads to the issuer is answered with a redirect there.
        "form-action": [SELF, *OIDC_ORIGIN],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# HSTS for subdomains, and the browsers' own list, are for whoever owns the whole domain to decide.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Health, logs, metrics, error reports.
HEALTH_CHECKS = {
    "database": "recsite.health.database",
    "broker": "recsite.health.broker",
    "queues": "recsite.health.queues",
    "workers": "recsite.health.workers",
    "model": "recommender.selectors.current_model.check",
    "books": "recsite.preparation.check",
}
METRICS = env.flag("METRICS", default=False)
LOGGING_CONFIG = None
LOG_LEVEL = env.text("LOG_LEVEL", "INFO").upper()
logging_config(level=LOG_LEVEL, json=env.flag("LOG_JSON", default=not DEBUG))
start_error_reports(env.url("SENTRY_DSN", "", schemes=("https",)))
