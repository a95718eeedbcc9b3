"""Real Chromium against the whole product; every page is watched and audited."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.visitor import Visitor
from tests.stack import Stack

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--no-first-run",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
    "--hide-scrollbars",
    "--disable-features=OptimizationHints,MediaRouter,Translate",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser, stack: Stack) -> Iterator[Callable[[str], Visitor]]:
    """Sign a person of the demo's cast in, in a browser profile of their own."""
    password = stack.python("import json; from reviewapp import demo; print(json.dumps(demo.password()))")
    visitors: list[Visitor] = []

    def sign_in(name: str) -> Visitor:
        visitor = Visitor.arrive(chromium, stack.url)
        visitors.append(visitor)
        visitor.sign_in(f"{name}@example.org", password)
        return visitor

    yield sign_in
    for visitor in visitors:
        visitor.leave()
