import json
from typing import Any

import pytest

from annotations.accounts.models import Project, User
from annotations.audit.models import AuditEvent
from annotations.core.errors import Invalid
from annotations.review import actions
from annotations.review.models import ReviewSettings, settings_of
from tests.api.client import api, problem
from tests.conftest import Browser

URL = "/p/demo/policy/review/"
API = "/api/v1/projects/demo/review-settings"
GIVEN: dict[str, Any] = {
    "mode": "push",
    "order": "information",
    "lease_minutes": 45,
    "daily_quota": 12,
    "extra_annotators": 1,
    "extra_beyond": 2,
    "second_lead_percent": 10,
    "gold_percent": 5,
    "gold_minimum": 20,
    "gold_threshold": 80,
    "gold_feedback": "on",
    "blind_first": "on",
}


def test_it_shows_the_defaults_with_a_sentence_each_and_a_way_there(
    project: Project, ana: User, browser: Browser
) -> None:
    assert URL in browser.as_(ana).get("/p/demo/policy/").content.decode()
    page = browser.get(URL).content.decode()
    assert 'value="120"' in page
    assert page.count('class="help" id=') == len(GIVEN)
    assert "A lead of this project changes these settings." in page


def test_it_changes_every_setting_and_writes_down_what_changed(project: Project, dora: User, browser: Browser) -> None:
    assert browser.as_(dora).post(URL, GIVEN)["Location"] == URL
    held = settings_of(project)
    assert {name: getattr(held, name) for name in GIVEN} == GIVEN | {"blind_first": True, "gold_feedback": True}
    assert browser.post(URL, GIVEN | {"daily_quota": ""}).status_code == 302
    first, second = AuditEvent.objects.filter(verb="review_settings.set").order_by("id")
    assert first.facts["lease_minutes"] == [120, 45]
    assert second.facts == {"daily_quota": [12, None]}
    assert second.target_id == project.pk


@pytest.mark.parametrize("changes", [{"lease_minutes": 1}, {"second_lead_percent": 101}, {"mode": "pray"}])
def test_it_keeps_what_was_typed_and_names_the_field(
    project: Project, dora: User, browser: Browser, changes: dict[str, Any]
) -> None:
    answer = browser.as_(dora).post(URL, GIVEN | {"extra_beyond": 7} | changes)
    assert answer.status_code == 422
    assert 'value="7"' in answer.content.decode()
    assert 'aria-invalid="true"' in answer.content.decode()
    assert not ReviewSettings.objects.exists()
    with pytest.raises(Invalid) as refused:
        actions.set_review_settings(project, by=dora, **changes)
    assert set(refused.value.problems) == set(changes)


def test_it_answers_the_api_alike(project: Project, ana: User, dora: User) -> None:
    client = api(dora)
    changed = client.put(API, json.dumps({"mode": "push"}), content_type="application/json").json()
    assert (changed["mode"], changed["lease_minutes"]) == ("push", 120)
    assert api(ana).get(API).json() == changed
    refused = problem(client.put(API, json.dumps({"lease_minutes": 1}), content_type="application/json"), 422)
    assert [row["field"] for row in refused["problems"]] == ["lease_minutes"]
    problem(api(ana).put(API, json.dumps({"mode": "pull"}), content_type="application/json"), 403)
