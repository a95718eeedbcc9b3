"""Who a request is from: its session and its person, read by queries that are compiled once (ADR 9)."""

from typing import Any
from uuid import UUID

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.db.models.functions import Now

from annotations.accounts.models import User
from annotations.core.prepared import first, prepared


class SessionStore(db.SessionStore):
    """A session in the database."""

    def load(self) -> dict[str, Any]:
        stored = first(_session(self.session_key)) if self.session_key else None
        if stored is None:
            self._session_key = None
        return self.decode(stored) if stored else {}


class PersonBackend(AuthenticationBackend):
    """Signs people in as allauth does."""

    def get_user(self, user_id: UUID) -> User | None:
        found = first(_person(user_id))
        return found if found and self.user_can_authenticate(found) else None


@prepared
def _session(key: str) -> QuerySet[Session, str]:
    return Session.objects.filter(session_key=key, expire_date__gt=Now()).values_list("session_data", flat=True)


@prepared
def _person(pk: UUID) -> QuerySet[User]:
    return User.objects.filter(pk=pk)
