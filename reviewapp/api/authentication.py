import re
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.plumbing import build_bearer_security_scheme_object
from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed

from annotations.accounts.models import ApiToken, User

_TOKEN = re.compile(rb"[0-9A-Za-z]{16,128}")


class ScopedTokenAuthentication(TokenAuthentication):
    """A bearer token: hashed in the database, expiring; what it may do is limited by its scopes."""

    def authenticate_credentials(self, token: bytes) -> tuple[User, ApiToken]:
        """The token's person and the token. Raises AuthenticationFailed for anything that is not a live token."""
        if not _TOKEN.fullmatch(token):  # knox and Postgres choke on bytes that no token has
            raise AuthenticationFailed("Invalid token.")
        found: tuple[User, ApiToken] = super().authenticate_credentials(token)  # type: ignore[no-untyped-call]
        return found  # knox ships no types


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself untyped
    """How the OpenAPI document names the tokens."""

    target_class = "reviewapp.api.authentication.ScopedTokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return build_bearer_security_scheme_object("Authorization", "Bearer")
