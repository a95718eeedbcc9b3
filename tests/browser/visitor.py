"""A person at a browser, and everything that went wrong on the pages they saw."""

from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request, expect

COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
SEEN_IN: dict[Literal["light", "dark"], dict[str, Any] | None] = {"light": None, "dark": COLOURS}  # all else is alike


@dataclass
class Visitor:
    """One browser profile; `complaints` gathers console errors, policy violations and foreign requests."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    @staticmethod
    def arrive(browser: Browser, url: str) -> "Visitor":
        context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
        return Visitor.watching(context.new_page(), url)

    @staticmethod
    def watching(page: Page, url: str) -> "Visitor":
        """Whoever uses the page, from now on."""
        visitor = Visitor(page=page, url=url)
        page.on("console", lambda message: visitor.hear(message.type, message.text))
        page.on("pageerror", lambda error: visitor.complaints.append(f"script error: {error}"))
        page.on("request", visitor.notice)
        return visitor

    def hear(self, kind: str, text: str) -> None:
        """Keep what the console says of errors; a 4xx that a test provokes on purpose is no error of the page."""
        if kind == "error" and "Failed to load resource" not in text:
            self.complaints.append(text)

    def notice(self, request: Request) -> None:
        where = urlsplit(request.url)
        if where.scheme not in {"data", "blob"} and f"{where.scheme}://{where.netloc}" != self.url:
            self.complaints.append(f"request to another origin: {request.url}")

    def sign_in(self, email: str, password: str) -> None:
        self.page.goto(f"{self.url}/accounts/login/")
        self.audit()
        self.page.get_by_label("Email").fill(email)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        expect(self.page.get_by_role("heading", level=1)).to_be_visible()

    def open(self, path: str) -> None:
        self.page.goto(f"{self.url}{path}")

    def audit(self) -> None:
        """Hold the page to zero axe violations in both themes and to no sideways scrolling at 320 px."""
        for scheme, rules in SEEN_IN.items():
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found = Axe().run(self.page, options=rules).response["violations"]
            assert not found, f"{self.page.url} ({scheme}): {[_words(violation) for violation in found]}"
        self.page.set_viewport_size({"width": 320, "height": 800})
        width = self.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 320, f"{self.page.url} is {width} px wide at 320"
        self.page.set_viewport_size({"width": 1440, "height": 900})

    def leave(self) -> None:
        self.page.context.close()
        assert not self.complaints, self.complaints


def _words(violation: dict[str, Any]) -> str:
    places = [node["html"][:120] for node in violation["nodes"][:3]]
    return f"{violation['id']}: {places}"
