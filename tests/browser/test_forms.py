"""What the scripts add to plain forms, in real Chromium on pages made for it."""

import pytest
from playwright.sync_api import Browser, Dialog, Page, Route

from tests.stack import ROOT

SCRIPTS = ROOT / "static" / "js"
AT = "http://page.test/"
FINAL_FORM = "<form method=post data-adjudication><textarea name=reason></textarea><button>Settle</button></form>"


def page_with(chromium: Browser, body: str, script: str) -> tuple[Page, list[str]]:
    """A page of this body and script, and the list of what it posts; a post leaves the page as it is."""
    posted: list[str] = []
    code = (SCRIPTS / script).read_text()

    def answer(route: Route) -> None:
        if route.request.method == "POST":
            posted.append(route.request.post_data or "")
            route.fulfill(status=204)
        else:
            route.fulfill(content_type="text/html", body=f"<div id=toasts></div>{body}<script>{code}</script>")

    page = chromium.new_page()
    page.route("**/*", answer)
    page.goto(AT)
    return page, posted


def test_a_double_click_sends_a_form_once(chromium: Browser) -> None:
    page, posted = page_with(
        chromium, "<form method=post><input name=a value=1><button>Seal</button></form>", "live.js"
    )
    for _click in range(2):
        page.get_by_role("button").click()
        page.wait_for_timeout(200)
    assert posted == ["a=1"]
    page.close()


def dialogs(page: Page) -> list[str]:
    """The kinds of the dialogs this page opens from now on; each is accepted."""
    seen: list[str] = []

    def hear(dialog: Dialog) -> None:
        seen.append(dialog.type)
        dialog.accept()

    page.on("dialog", hear)
    return seen


@pytest.mark.parametrize(("typed", "asked"), [("", []), ("Seen in the log", ["beforeunload"])])
def test_leaving_an_adjudication_asks_when_words_would_be_lost(chromium: Browser, typed: str, asked: list[str]) -> None:
    page, _posted = page_with(chromium, FINAL_FORM, "adjudicate.js")
    seen = dialogs(page)
    page.get_by_role("textbox").click()
    page.keyboard.type(typed)
    page.goto(f"{AT}elsewhere")
    assert seen == asked
    page.close()


def test_settling_an_adjudication_does_not_ask(chromium: Browser) -> None:
    page, posted = page_with(chromium, FINAL_FORM, "adjudicate.js")
    seen = dialogs(page)
    page.get_by_role("textbox").press_sequentially("Seen")
    page.get_by_role("button").click()
    page.wait_for_timeout(300)
    assert (posted, seen) == (["reason=Seen"], [])
    page.close()
