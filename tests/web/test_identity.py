"""Who a request is from ends with the session, and with the account."""

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from annotations.accounts.models import Project, User
from tests.conftest import Browser

QUEUE = "/p/demo/queue/"


@pytest.fixture
def signed_in(project: Project, ana: User, browser: Browser) -> Browser:
    assert browser.as_(ana).get(QUEUE).status_code == 200
    return browser


def test_an_expired_session_is_nobodys(signed_in: Browser) -> None:
    Session.objects.update(expire_date=timezone.now())
    assert signed_in.get(QUEUE).status_code == 302


def test_a_deactivated_account_is_nobodys(signed_in: Browser, ana: User) -> None:
    User.objects.filter(pk=ana.pk).update(is_active=False)
    assert signed_in.get(QUEUE).status_code == 302


@pytest.mark.parametrize("key", ["", "short", "x" * 32, "' OR 1=1 --", "é" * 40])
def test_a_forged_session_is_nobodys(signed_in: Browser, key: str) -> None:
    signed_in.cookies["sessionid"] = key
    assert signed_in.get(QUEUE).status_code == 302
