"""A first visit stays small and still: requests, bytes, nodes and shifts of the pages people look at all day.

What depends on the machine, as how long a page takes, is measured by bench/pages.py.
"""

import gzip
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Response

from tests.browser.visitor import Visitor
from tests.stack import Stack

MOST_REQUESTS, MOST_BYTES, MOST_NODES, MOST_SHIFT = 12, 200 * 1024, 3000, 0.02
MOST_COMPRESSED = {"script": 30 * 1024, "stylesheet": 20 * 1024}
CASE = """
import json
from pathlib import Path
from annotations.accounts.models import User
from annotations.catalog import actions as catalog
from annotations.review import actions as review
from annotations.rubrics.models import Rubric
from annotations.rubrics.queries import current_version
from harness import bundle
from reviewapp import demo
project = demo.set_up_project("budget", "Budget")
eli, cleo = (User.objects.get(email=f"{name}@example.org") for name in ("eli", "cleo"))
version = catalog.seal(project, bundle.load(Path("examples/snapshot-retention")), by=eli)
review.open_case(version, current_version(project, Rubric.SubjectKind.TASK), overlap=2)
print(json.dumps(str(review.claim_next(project, by=cleo).pk)))
"""
WATCH_SHIFTS = """
window.shift = 0;
new PerformanceObserver((list) => list.getEntries().forEach((entry) => { window.shift += entry.value; }))
  .observe({type: "layout-shift", buffered: true});
"""


# Slow: it needs the whole product.
@pytest.mark.slow
def test_it_keeps_first_visits_within_their_budget(stack: Stack, visit: Callable[[str], Visitor]) -> None:
    held = stack.python(CASE)
    cleo = visit("cleo")
    session = cleo.page.context.storage_state()
    browser = cleo.page.context.browser
    assert browser is not None
    for path in ("queue/", "tasks/", "rubrics/", "datasets/", "adjudicate/", "agreement/", f"review/{held}/"):
        page = browser.new_context(storage_state=session).new_page()
        visitor = Visitor.watching(page, stack.url)
        answers = first_visit(page, f"{stack.url}/p/budget/{path}")
        size = sum(answer.request.sizes()["responseBodySize"] for answer in answers)
        assert len(answers) <= MOST_REQUESTS, (path, [answer.url for answer in answers])
        assert size <= MOST_BYTES, (path, size)
        for kind, most in MOST_COMPRESSED.items():
            sent = [answer.body() for answer in answers if answer.request.resource_type == kind]
            assert 0 < sum(len(gzip.compress(body)) for body in sent) <= most, (path, kind)
        nodes, shift = page.evaluate("[document.querySelectorAll('*').length, window.shift]")
        page.context.close()
        assert nodes <= MOST_NODES, (path, nodes)
        assert shift <= MOST_SHIFT, (path, shift)
        assert not visitor.complaints, path


def first_visit(page: Page, url: str) -> list[Response]:
    """Everything the server sent for a page that was opened with an empty cache."""
    answers: list[Response] = []

    def keep(answer: Response) -> None:
        answers.append(answer)

    page.add_init_script(WATCH_SHIFTS)
    page.on("response", keep)
    page.goto(url, wait_until="networkidle")
    return answers
