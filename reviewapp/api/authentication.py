from knox.auth import TokenAuthentication


class ScopedTokenAuthentication(TokenAuthentication):
    """A bearer token; what it may do is limited by its scopes."""
