"""How people log in: how often they may be wrong (django-axes), who needs a second factor."""

from __future__ import annotations

from datetime import timedelta

from cms.settings.env import env

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # first: it refuses before a password is tried
    "django.contrib.auth.backends.ModelBackend",
]
# In the database: one count for all processes, on both engines.
AXES_HANDLER = "cms.accounts.throttle.Attempts"
AXES_CLIENT_IP_CALLABLE = "cms.accounts.throttle.address"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT: int = env("LOGIN_FAILURES")
AXES_COOLOFF_TIME = timedelta(minutes=env("LOGIN_LOCK_MINUTES"))
# Who goes on trying does not prolong it, or an attacker could lock somebody out for ever.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_SENSITIVE_PARAMETERS = ["username", "password", "otp", "half"]
AXES_DISABLE_ACCESS_LOG = True  # logins are in the audit trail
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
# The form and the API say themselves that it is too often: no middleware of axes.
SILENCED_SYSTEM_CHECKS = ["axes.W002"]
# The audit trail says what a field pointed to in words, and keeps it so long.
AUDITLOG_MASK_CALLABLE = "cms.audit.watched.hidden"
AUDITLOG_USE_FK_STRING_REPRESENTATION = True
AUDIT_RETENTION_DAYS: int = env("AUDIT_RETENTION_DAYS")
ENVIRONMENT_NAME: str = env("ENVIRONMENT_NAME")  # a badge in the header
PASSWORD_RESET_TIMEOUT: int = 60 * env("RESET_LINK_MINUTES")
DRIVER_APP_URL: str = env("DRIVER_APP_URL")  # whose pages mails to drivers lead to
OTP_TOTP_ISSUER = "Voltdesk"
OTP_REQUIRED_ROLES: list[str] = env("OTP_REQUIRED_ROLES")
