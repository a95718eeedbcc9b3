"""A lead looks into agreement in real Chromium, and prints a report of it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Visitor
from tests.stack import Stack

SEED = """
import json
from dataclasses import replace
from pathlib import Path
from annotations.accounts.models import User
from annotations.catalog.actions import seal
from annotations.rubrics import actions as rubrics, default
from harness.bundle import load
from reviewapp import demo
from reviewapp.demo.clock import at
from tests import crowds
project = demo.set_up_project("agreed", "Agreed")
people = [User.objects.create(email=f"p{n}@example.org", name=f"Person {n}", password="!") for n in range(6)]
with at(crowds.moment(1)):
    before = rubrics.publish(project, "six-weeks", "Six weeks", default.CRITERIA, by=None)
with at(crowds.moment(31)):
    clearer = [replace(row, guidance="It counts.") for row in default.CRITERIA]
    after = rubrics.publish(project, "six-weeks", "Six weeks", clearer, by=None)
subject = seal(project, load(Path("examples/snapshot-retention")), by=User.objects.get(email="eli@example.org"))
crowds.at_work(subject, people, (before, after), cases=120)
print(json.dumps(str(after.pk)))
"""


# Slow: the whole product, and axe on every page in both themes.
@pytest.mark.slow
def test_a_lead_goes_from_a_verdict_to_the_cases_behind_it(stack: Stack, visit: Callable[[str], Visitor]) -> None:
    stack.python(SEED)
    dora = visit("dora")
    page = dora.page
    dora.open("/p/agreed/queue/")
    page.keyboard.press("g")
    page.keyboard.press("a")
    expect(page.get_by_role("heading", level=1)).to_have_text("Agreement")
    dora.audit()
    for tab in ("Over time", "Pairs", "Leads and final"):
        page.get_by_role("link", name=tab, exact=True).click()
        expect(page.get_by_role("link", name=tab, exact=True)).to_have_attribute("aria-current", "page")
        dora.audit()
    page.get_by_role("link", name="Over time", exact=True).click()
    page.get_by_text("Show as table").click()
    dora.audit()
    page.locator("svg.trend a").last.click()
    expect(page.get_by_text("Lowest agreement first")).to_be_visible()
    dora.audit()
    page.go_back()
    page.get_by_role("link", name="Report", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Inter-annotator agreement")
    dora.audit()
    page.emulate_media(media="print")
    expect(page.get_by_role("link", name="Agreement", exact=True)).to_be_hidden()
    expect(page.get_by_role("table").first).to_be_visible()
