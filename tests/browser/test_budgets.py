"""A first visit stays small: requests, bytes and nodes of the pages people look at all day."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Response

from tests.browser.visitor import Visitor
from tests.stack import Stack

MOST_REQUESTS, MOST_BYTES, MOST_NODES = 12, 200 * 1024, 3000
PAGES = ("queue/", "tasks/", "rubrics/", "datasets/", "adjudicate/")


# Slow: it needs the whole product.
@pytest.mark.slow
def test_it_keeps_first_visits_within_their_budget(stack: Stack, visit: Callable[[str], Visitor]) -> None:
    stack.python("import json; from reviewapp import demo; demo.set_up_project('budget', 'Budget'); print('null')")
    cleo = visit("cleo")
    session = cleo.page.context.storage_state()
    browser = cleo.page.context.browser
    assert browser is not None
    for path in PAGES:
        page = browser.new_context(storage_state=session).new_page()
        answers = first_visit(page, f"{stack.url}/p/budget/{path}")
        size = sum(answer.request.sizes()["responseBodySize"] for answer in answers)
        nodes = page.evaluate("document.querySelectorAll('*').length")
        page.context.close()
        assert len(answers) <= MOST_REQUESTS, (path, [answer.url for answer in answers])
        assert size <= MOST_BYTES, (path, size)
        assert nodes <= MOST_NODES, (path, nodes)


def first_visit(page: Page, url: str) -> list[Response]:
    """Everything the server sent for a page that was opened with an empty cache."""
    answers: list[Response] = []

    def keep(answer: Response) -> None:
        answers.append(answer)

    page.on("response", keep)
    page.goto(url, wait_until="networkidle")
    return answers
