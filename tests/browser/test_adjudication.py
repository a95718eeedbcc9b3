"""A whole adjudication in real Chromium, by the keyboard alone, with nothing lost on the way."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visitor import Visitor
from tests.stack import Stack

DISPUTE = """
import json
from pathlib import Path
from annotations.accounts.models import User
from annotations.catalog import actions as catalog
from annotations.core.ids import new_id
from annotations.review import actions as review
from annotations.review.answers import Given
from annotations.review.citations import Reference
from annotations.rubrics.models import Rubric
from annotations.rubrics.queries import current_version
from harness import bundle
from reviewapp import demo
project = demo.set_up_project("verdicts", "Verdicts")
eli, ana, ben = (User.objects.get(email=f"{name}@example.org") for name in ("eli", "ana", "ben"))
version = catalog.seal(project, bundle.load(Path("examples/snapshot-retention")), by=eli)
rubric = current_version(project, Rubric.SubjectKind.TASK)
case = review.open_case(version, rubric, overlap=2)
disputed = list(rubric.criteria.all())[:2]
for user, line in ((ana, 1), (ben, 3)):
    held = review.claim_next(project, by=user)
    given = {row.pk: Given(max(row.codes), confidence=2) for row in rubric.criteria.all()}
    if user == ana:
        for row in disputed:
            given[row.pk] = Given(min(row.codes), rationale="Equal times are left open.", confidence=3)
    for row in disputed:
        mine = given[row.pk]
        why, cited = mine.rationale or "Equal times are spelled out.", Reference("file", "instruction.md", line, line)
        given[row.pk] = Given(mine.code, rationale=why, confidence=mine.confidence, citations=(cited,))
    review.submit(held.annotation, given, version=1, key=new_id(), by=user)
print(json.dumps(str(case.pk)))
"""


def saved(page: Page) -> None:
    expect(page.locator("#save-state")).to_have_text(re.compile(r"Saved \d\d:\d\d"), timeout=20_000)


# Slow: a server of its own, and a lead who works through every key.
@pytest.mark.slow
def test_a_lead_settles_a_case_by_keyboard_alone(stack: Stack, visit: Callable[[str], Visitor]) -> None:
    case = stack.python(DISPUTE)
    cleo = visit("cleo")
    page, keys = cleo.page, cleo.page.keyboard
    cleo.open("/p/verdicts/adjudicate/")
    cleo.audit()
    keys.press("n")
    expect(page).to_have_url(re.compile(case))
    disputes = page.locator(".dispute")
    expect(disputes).to_have_count(2)
    expect(disputes.first).to_contain_text("Different evidence seen")
    cleo.audit()

    # The actions stay together, whatever the width.
    for width in (1360, 1280, 1100, 960, 390):
        page.set_viewport_size({"width": width, "height": 900})
        places = [action.bounding_box() for action in page.locator(".actions .btn").all()]
        assert len({place["y"] for place in places if place}) == 1, width

    # At 200 % of a common screen the keys lead to nothing that the bars cover.
    page.set_viewport_size({"width": 720, "height": 450})
    keys.press("y")
    cause, submit = (page.locator(part).first.bounding_box() for part in (".cause", ".submit"))
    assert cause is not None
    assert submit is not None
    assert cause["y"] + cause["height"] <= submit["y"]
    page.set_viewport_size({"width": 1440, "height": 900})

    # Take A's answer to the first, say why, and be led to the second; answer that one by number.
    for key in ("a", "y", "2"):
        keys.press(key)
    expect(disputes.first.get_by_role("radio", name="Guideline gap")).to_be_checked()
    expect(disputes.nth(1)).to_have_class(re.compile(r"\bon\b"))
    for key in ("1", "y", "3"):
        keys.press(key)
    expect(disputes.nth(1).get_by_role("radio", name="Mistake")).to_be_checked()
    keys.press("r")
    keys.type("Say which snapshot stays.")
    keys.press("Escape")
    keys.press("c")
    keys.type("The instruction names no order.")
    keys.press("Escape")
    for key in ("v", "3"):
        keys.press(key)
    expect(page.get_by_role("radio", name="High")).to_be_checked()
    saved(page)
    cleo.audit()

    # The browser is closed in the middle: all of it is there again.
    page.reload()
    expect(page.locator("#reason")).to_have_value("The instruction names no order.")
    expect(disputes.nth(1).get_by_role("textbox")).to_have_value("Say which snapshot stays.")
    expect(disputes.first.get_by_role("radio", name="Guideline gap")).to_be_checked()

    # Another window saves first: both texts are shown, and ours can stay.
    other = page.context.new_page()
    other.goto(page.url)
    other.locator("#reason").fill("From the other window.")
    saved(other)
    page.locator("#reason").fill("From this window.")
    conflict = page.locator("#conflict")
    expect(conflict).to_contain_text("From the other window.", timeout=20_000)
    expect(conflict).to_contain_text("From this window.")
    cleo.audit()
    page.get_by_role("button", name="Keep what is here").click()
    saved(page)
    other.close()

    keys.press("Escape")
    keys.press("Control+Enter")
    expect(page).to_have_url(re.compile("/adjudicate/$"))
    (settled,) = stack.rows("SELECT reason, confidence FROM review_adjudication WHERE case_id = %s", [case])
    assert settled == ("From this window.", 3)
    cleo.open(f"/p/verdicts/adjudicate/{case}/")
    expect(page.get_by_text("Settled by")).to_be_visible()
    cleo.audit()


AGREED = """
import json
from pathlib import Path
from annotations.accounts.models import User
from annotations.catalog import actions as catalog
from annotations.core.ids import new_id
from annotations.review import actions as review
from annotations.review.answers import Given
from annotations.rubrics.models import Rubric
from annotations.rubrics.queries import current_version
from harness import bundle
from reviewapp import demo
project = demo.set_up_project("appeals", "Appeals")
eli, ana, ben = (User.objects.get(email=f"{name}@example.org") for name in ("eli", "ana", "ben"))
version = catalog.seal(project, bundle.load(Path("examples/snapshot-retention")), by=eli)
rubric = current_version(project, Rubric.SubjectKind.TASK)
case = review.open_case(version, rubric, overlap=2)
for user in (ana, ben):
    held = review.claim_next(project, by=user)
    given = {row.pk: Given(min(row.codes), rationale="It fails.") for row in rubric.criteria.all()}
    review.submit(held.annotation, given, version=1, key=new_id(), by=user)
case.refresh_from_db()
review.open_appeal(case)
print(json.dumps(str(case.followed_by.get().pk)))
"""


# Slow: a server of its own, and a lead who works through every key.
@pytest.mark.slow
def test_a_lead_judges_an_appeal_against_everyone_by_keyboard_alone(
    stack: Stack, visit: Callable[[str], Visitor]
) -> None:
    case = stack.python(AGREED)
    cleo = visit("cleo")
    page, keys = cleo.page, cleo.page.keyboard
    cleo.open("/p/appeals/adjudicate/")
    keys.press("n")
    expect(page).to_have_url(re.compile(case))
    rows = page.locator(".unanimous .crit")
    expect(rows.first.get_by_role("radio").last).not_to_be_checked()
    keys.press("1")
    expect(rows.first.get_by_role("radio").first).to_be_checked()
    keys.press("n")
    keys.press("1")
    expect(rows.nth(1).get_by_role("radio").first).to_be_checked()
    keys.press("r")
    keys.type("It does hold.")
    keys.press("Escape")
    keys.press("c")
    keys.type("The author is right on both.")
    keys.press("Escape")
    saved(page)
    cleo.audit()
    keys.press("Control+Enter")
    expect(page).to_have_url(re.compile("/adjudicate/$"))
    settled = """SELECT f.code, f.rationale FROM review_finalverdict f
        JOIN review_adjudication a ON a.id = f.adjudication_id
        JOIN rubrics_criterion c ON c.id = f.criterion_id WHERE a.case_id = %s ORDER BY c.position"""
    finals = stack.rows(settled, [case])
    assert finals[:3] == [(2, ""), (1, "It does hold."), (0, "It fails.\n\nIt fails.")]
