"""All settings, read from the environment."""

from pathlib import Path

import dj_database_url
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

from reviewapp import environment
from reviewapp.mailers import mailer

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = environment.folder("REVIEWAPP_DATA", BASE_DIR / ".local" / "data")
EXAMPLES_DIR = BASE_DIR / "examples"

# --- What a deployment gives -------------------------------------------------
SECRET_KEY = environment.text("SECRET_KEY")
DEBUG = environment.flag("DEBUG", default=False)
ALLOWED_HOSTS = environment.names("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = environment.names("CSRF_TRUSTED_ORIGINS")
SECURE_COOKIES = environment.flag("SECURE_COOKIES", default=False)
REDIS_URL = environment.text("REDIS_URL")
DATABASES = {
    "default": dj_database_url.parse(environment.text("DATABASE_URL"), conn_max_age=600, conn_health_checks=True)
}
# Statements that come again are planned once for a connection, which halves what Postgres does for a page. Turn it off
# behind a pooler that hands a connection to another client after each transaction.
if environment.flag("PREPARE_STATEMENTS", default=True):
    DATABASES["default"].setdefault("OPTIONS", {}).update(server_side_binding=True, prepare_threshold=3)

# --- Applications ------------------------------------------------------------
INSTALLED_APPS = [
    "reviewapp",
    "annotations.datasets",
    "annotations.probes",
    "annotations.discussion",
    "annotations.acceptance",
    "annotations.agreement",
    "annotations.review",
    "annotations.evidence",
    "annotations.rubrics",
    "annotations.catalog",
    "annotations.notices",
    "annotations.accounts",
    "annotations.audit",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "knox",
    "rest_framework",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "reviewapp.signing_in.SignInMiddleware",
    "reviewapp.web.preferences.PreferencesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "reviewapp.errors.DomainErrorMiddleware",
    "reviewapp.web.second_factor.SecondFactorMiddleware",
]
ROOT_URLCONF = "reviewapp.urls"
WSGI_APPLICATION = "reviewapp.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": [f"reviewapp.templatetags.{name}" for name in ("icons", "texts", "when")],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "reviewapp.web.shell.shell",
            ],
        },
    }
]

# --- Sign-in -----------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["reviewapp.identity.PersonBackend"]
SESSION_ENGINE = "reviewapp.identity"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "reviewapp.web.adapter.ClosedSignupAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = {"invitation": "60/m/ip", "invite": "60/h/user"}  # beside allauth's own; see joining, inviting
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # an invitation is what lets people in, not an address
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE_COOKIES  # browsers offer passkeys on https and on localhost only
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES
SESSION_COOKIE_HTTPONLY = True
SECURE_REFERRER_POLICY = "same-origin"

# --- Mail --------------------------------------------------------------------
MAILERS = {"default": mailer(environment.text("EMAIL_URL", "console:"))}
DEFAULT_FROM_EMAIL = environment.text("EMAIL_FROM", "reviewapp@localhost")
SITE_URL = environment.text("SITE_URL", "http://localhost:8000").rstrip("/")  # what links in mail begin with
DAILY_MAIL_HOUR = environment.number("DAILY_MAIL_HOUR", 7)  # UTC

# --- Content security policy -------------------------------------------------
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
    "manifest-src": [CSP.SELF],
}
X_FRAME_OPTIONS = "DENY"

# --- Language and time -------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
USE_I18N = len(LANGUAGES) > 1  # a page looks up a hundred texts, and would find none of them
USE_TZ = True
TIME_ZONE = "UTC"

# --- Files -------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "reviewapp.bundles.BundleFinder",
]
MEDIA_ROOT = DATA_DIR / "blobs"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600

# --- Cache -------------------------------------------------------------------
# Rendered files and pages' small counts; each web process has its own.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# --- Jobs --------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
# A message only wakes a worker; what is due stands in the database, and is handed out again until it is done. To answer
# for a message late would gain nothing, and a worker whose broker went away in the meantime dies of the answer.
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_DISABLE_PREFETCH = True  # a message waits in the broker for whoever is free, not with who is busy
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "annotations.evidence.jobs.run_checks": {"queue": "checks"},
    "annotations.evidence.jobs.tidy": {"queue": "checks"},
    "annotations.probes.jobs.run_probe": {"queue": "checks"},
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "celery.beat.Scheduler"  # in memory: every entry recurs within a minute
CELERY_BEAT_SCHEDULE = {
    # The queue they wait in must not fill while workers are down, so each expires before its next turn.
    "advance-tasks": {
        "task": "annotations.acceptance.jobs.advance",
        "schedule": 2.0,
        "options": {"expires": 2},
    },
    "dispatch-checks": {
        "task": "annotations.evidence.jobs.dispatch",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "dispatch-probes": {
        "task": "annotations.probes.jobs.dispatch",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "tidy-hosts": {
        "task": "annotations.evidence.jobs.tidy",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "mail-notices": {
        "task": "annotations.notices.jobs.mail",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "expire-leases": {
        "task": "annotations.review.jobs.expire_leases",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "follow-agreement": {
        "task": "annotations.agreement.jobs.follow_projects",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "close-copies": {
        "task": "annotations.review.jobs.close_copies",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "resume-rubric-rounds": {
        "task": "annotations.review.jobs.resume_rounds",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
}

# --- Containers --------------------------------------------------------------
# Labels what this installation starts, so that stopping it sweeps its own containers and no others.
INSTANCE = environment.text("REVIEWAPP_INSTANCE", "default")
ENGINE_URL = environment.text("DOCKER_HOST", "") or None
# What runs may take of a worker's host all together; 0: every processor, and nine tenths of the memory.
CHECKS_CPUS = environment.number("REVIEWAPP_CHECKS_CPUS", 0)
CHECKS_MEMORY_MB = environment.number("REVIEWAPP_CHECKS_MEMORY_MB", 0)
# Checks wait while less is free where the engine keeps its images.
DISK_FLOOR_MB = environment.number("REVIEWAPP_DISK_FLOOR_MB", 5 * 1024)
# Images of tasks unused for so long are removed, and the longest unused ones above this size in total.
IMAGES_UNUSED_DAYS = environment.number("REVIEWAPP_IMAGES_UNUSED_DAYS", 7)
IMAGES_TOTAL_MB = environment.number("REVIEWAPP_IMAGES_TOTAL_MB", 20 * 1024)

# --- API ---------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "reviewapp.api.authentication.ScopedTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["reviewapp.api.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser", "rest_framework.parsers.MultiPartParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "reviewapp.api.pagination.KeysetPagination",
    "DEFAULT_SCHEMA_CLASS": "reviewapp.api.schema.ProblemSchema",
    "EXCEPTION_HANDLER": "reviewapp.api.problems.problem_response",
    "PAGE_SIZE": 50,
}
REST_KNOX = {
    "TOKEN_MODEL": "accounts.ApiToken",
    "AUTH_HEADER_PREFIX": "Bearer",
}
KNOX_TOKEN_MODEL = REST_KNOX["TOKEN_MODEL"]
SPECTACULAR_SETTINGS = {
    "TITLE": "Reviewapp API",
    "DESCRIPTION": "Upload tasks, follow their checks and decisions, and read released datasets.",
    "VERSION": "1",
    "SERVE_PUBLIC": True,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "TaskStatus": "annotations.catalog.models.Task.Status",
        "CheckRunStatus": "annotations.evidence.models.CheckRun.Status",
        "CheckOutcome": "annotations.evidence.models.CheckResult.Outcome",
        "DecisionOutcome": "annotations.acceptance.models.Decision.Outcome",
        "AssignmentStatus": "annotations.review.models.Assignment.Status",
        "AnnotationStatus": "annotations.review.models.Annotation.Status",
        "CitationKind": "annotations.review.models.Citation.Kind",
        "Confidence": "annotations.review.models.Confidence",
        "CaseStatus": "annotations.review.models.Case.Status",
        "SkipReason": "annotations.review.models.Assignment.SkipReason",
    },
}

# --- Logs --------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": environment.text("LOG_LEVEL", "INFO")},
    # Two lines for every job, and some recur every two seconds.
    "loggers": {"celery.app.trace": {"level": "WARNING"}, "celery.worker.strategy": {"level": "WARNING"}},
}
