from datetime import timedelta

from annotations.accounts.models import ApiToken, User
from annotations.core.decisions import Allowed, Denied, Permit

LONGEST_TOKEN_LIFE = timedelta(days=365)


def can_revoke(user: User, token: ApiToken) -> Permit:
    if token.user_id == user.pk or user.is_superuser:
        return Allowed()
    return Denied("Only its owner can revoke a token.")
