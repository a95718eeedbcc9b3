from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from annotations.accounts.models import ApiToken


class HasScope(BasePermission):
    """Signed in, and when by token, one whose scopes cover the view's `required_scopes` for the method."""

    message = "This token lacks the scope for this. Make one with that scope on the Tokens page."

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user or not request.user.is_authenticated:
            return False
        if not isinstance(request.auth, ApiToken):
            return True
        required: dict[str, str] = getattr(view, "required_scopes", {})
        scope = required.get(request.method or "", required.get("*"))
        return scope is not None and request.auth.allows(scope)
