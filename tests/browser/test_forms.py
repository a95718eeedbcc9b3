"""What live.js adds to a plain form, in real Chromium on a page made for it."""

from playwright.sync_api import Browser, Route

from tests.databases import ROOT

FORM = "<form method=post><input name=a value=1><button>Seal</button></form>"


def test_a_double_click_sends_a_form_once(chromium: Browser) -> None:
    posted: list[str] = []
    code = (ROOT / "static" / "js" / "live.js").read_text()

    def answer(route: Route) -> None:
        """The page itself; a post is noted and leaves the page as it is."""
        if route.request.method == "POST":
            posted.append(route.request.post_data or "")
            route.fulfill(status=204)
        else:
            route.fulfill(content_type="text/html", body=f"<div id=toasts></div>{FORM}<script>{code}</script>")

    page = chromium.new_page()
    page.route("**/*", answer)
    page.goto("http://page.test/")
    for _click in range(2):
        page.get_by_role("button").click()
        page.wait_for_timeout(200)
    assert posted == ["a=1"]
    page.close()
