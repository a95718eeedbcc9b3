"""An annotator works by keys alone; whatever breaks, nothing they typed is lost, and the page says what happened."""

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Locator, Page, expect

from tests.browser.conftest import FLAGS
from tests.browser.test_adjudication import DISPUTE
from tests.browser.visitor import Visitor
from tests.stack import Stack

CASES = """
import json
from pathlib import Path
from annotations.accounts.models import User
from annotations.catalog import actions as catalog
from annotations.review import actions as review
from annotations.rubrics.models import Rubric
from annotations.rubrics.queries import current_version
from harness import bundle
from reviewapp import demo
project = demo.set_up_project("{slug}", "{slug}")
eli, ana = (User.objects.get(email=f"{{name}}@example.org") for name in ("eli", "ana"))
for name in ("snapshot-retention", "ferry-loads"):
    version = catalog.seal(project, bundle.load(Path("examples") / name), by=eli)
    review.open_case(version, current_version(project, Rubric.SubjectKind.TASK), overlap=2)
print(json.dumps({{"password": demo.password(), "seat": str(review.claim_next(project, by=ana).pk)}}))
"""
ASKED = f"""{DISPUTE.replace("verdicts", "asked-back").rpartition("print")[0]}
review.ask(case, "Did you see line 3?", by=User.objects.get(email="cleo@example.org"))
print(json.dumps({{"password": demo.password(), "seat": str(case.assignments.get(annotator=ana).pk)}}))
"""
BLIND_FIRST = f"""{DISPUTE.replace("verdicts", "kept-too").rpartition("print")[0]}
from annotations.review.models import ReviewSettings
other = catalog.seal(project, bundle.load(Path("examples/ferry-loads")), by=eli)
review.open_case(other, rubric, overlap=2)
cleo = User.objects.get(email="cleo@example.org")
held = review.claim_next(project, by=cleo)
ReviewSettings.objects.create(project=project, blind_first=True)
found = {{"case": str(case.pk), "seat": str(held.pk), "version": str(version.pk), "password": demo.password()}}
print(json.dumps(found))
"""
SAVED = re.compile(r"Saved \d\d:\d\d")


def why(page: Page) -> Locator:
    return page.locator("[data-why]").first


# Slow: it needs the whole product.
@pytest.mark.slow
def test_it_reviews_by_keys_alone(stack: Stack, visit: Callable[[str], Visitor]) -> None:
    stack.python(CASES.format(slug="by-keys"))
    ana = visit("ana")
    ana.open("/p/by-keys/queue/")
    page, keys = ana.page, ana.page.keyboard
    keys.press("n")
    expect(page.locator("#review-form")).to_be_visible()
    first = page.url.partition("?")[0]
    page.go_back()
    expect(page.get_by_role("heading", name="My queue", level=1)).to_be_visible()
    page.go_forward()
    expect(page.locator("#review-form")).to_be_visible()
    assert page.url.partition("?")[0] == first

    keys.press("f")
    expect(page.locator("pre.code")).to_be_visible()
    keys.press("j")
    keys.press("Shift+J")
    keys.press("n")
    keys.press("l")
    chip = page.locator(".cite").first
    expect(chip).to_contain_text(re.compile(r":1-2$", re.MULTILINE))
    keys.press("4")
    keys.press("Control+Enter")
    expect(page.locator("#form-errors")).to_contain_text("needs a rationale")
    expect(page.locator(".need").first).to_be_visible()
    ana.audit()
    keys.press("p")
    keys.press("p")
    keys.press("c")
    keys.type("The instruction names no time zone.")
    keys.press("Escape")
    keys.press("v")
    keys.press("n")
    for _ in range(7):
        keys.press("1")
    keys.press("i")
    expect(page.locator("#subject .prose")).to_be_visible()
    page.locator(".cite a").first.focus()
    keys.press("Enter")
    expect(page.locator(".line.on")).to_have_count(2)
    keys.press("!")
    keys.type("Time zones.")
    keys.press("Tab")
    keys.press("Enter")
    expect(page.locator("#gap")).not_to_be_visible()
    expect(page.locator("#answered")).to_contain_text("8 of 8")
    keys.press("Control+Enter")

    expect(page.locator("#toasts")).to_contain_text("Submitted")
    assert page.url.partition("?")[0] != first
    expect(page.locator(".bar h1")).to_be_focused()
    expect(page.locator("#answered")).to_contain_text("0 of 8")
    ana.audit()
    keys.press("z")
    page.wait_for_url(first)
    expect(page.locator("#answered")).to_contain_text("8 of 8")
    expect(page.locator(".cite")).to_have_count(1)
    expect(page.locator(".sure :checked").first).to_have_value("1")


# Slow: it needs the whole product, and breaks it.
@pytest.mark.slow
def test_it_loses_no_word(stack: Stack, chromium: Browser, tmp_path: Path) -> None:
    made = stack.python(CASES.format(slug="rough"))
    address = f"{stack.url}/p/rough/review/{made['seat']}/"

    def arrive() -> Page:
        return come_back(chromium, tmp_path, address, made["password"])

    page = arrive()
    write_without_a_network(page)
    write_to_a_dead_server(stack, page)
    write_signed_out(stack, page, made["password"])

    write_and_be_killed(page, why(page))
    page = arrive()
    expect(why(page)).to_have_value("Offline. Restarted. Expired. Killed.")
    expect(page.locator("#save-state")).to_have_text(SAVED)
    stored = "SELECT rationale, active_seconds FROM review_verdict v JOIN review_annotation a ON a.id = v.annotation_id"
    ((words, seconds),) = stack.rows(f"{stored} WHERE a.assignment_id = %s AND rationale > ''", [made["seat"]])
    assert words == "Offline. Restarted. Expired. Killed."
    assert 0 < seconds < 300
    page.context.close()


# Slow: a browser profile and a server of its own.
@pytest.mark.slow
def test_it_loses_no_word_of_a_reply(stack: Stack, chromium: Browser, tmp_path: Path) -> None:
    made = stack.python(ASKED)
    address = f"{stack.url}/p/asked-back/review/{made['seat']}/question/"
    page = come_back(chromium, tmp_path, address, made["password"])
    reply = page.locator("#reply")
    Visitor.watching(page, stack.url).audit()

    reply.fill("I had")
    expect(page.locator("#save-state")).to_have_text(SAVED)
    stack.rows("DELETE FROM django_session RETURNING session_key")
    reply.press_sequentially(" not")
    expect(page.get_by_role("heading", name="You were signed out")).to_be_visible()
    page.get_by_role("link", name="Sign in again").click()
    sign_in(page, made["password"])
    expect(reply).to_have_value("I had not")
    expect(page.locator("#save-state")).to_have_text(SAVED)

    write_and_be_killed(page, reply)
    page = come_back(chromium, tmp_path, address, made["password"])
    expect(page.locator("#reply")).to_have_value("I had not Killed.")
    expect(page.locator("#save-state")).to_have_text(SAVED)
    assert stack.rows("SELECT text FROM review_replydraft WHERE version > 1") == [("I had not Killed.",)]
    page.keyboard.press("Control+Enter")
    expect(page.locator("#toasts")).to_contain_text("Your reply is with the lead.")
    assert stack.rows("SELECT text FROM review_reply") == [("I had not Killed.",)]
    page.context.close()


# Slow: a browser profile and a server of its own.
@pytest.mark.slow
def test_it_loses_no_word_that_saves_nothing_by_itself(stack: Stack, chromium: Browser, tmp_path: Path) -> None:
    case = stack.python(DISPUTE.replace("verdicts", "kept"))
    password = stack.python("import json; from reviewapp import demo; print(json.dumps(demo.password()))")
    address = f"{stack.url}/p/kept/adjudicate/{case}/"
    page = come_back(chromium, tmp_path, address, password, email="cleo@example.org")
    page.keyboard.press("q")
    page.locator("#question").press_sequentially("Did you")
    page.keyboard.press("Escape")
    page.get_by_role("link", name=re.compile("^Discussion")).click()
    page.locator("#talk-new").press_sequentially("Both may hold.")
    is_on_disk(page, "#talk-new")
    kill(page)

    page = come_back(chromium, tmp_path, address, password, email="cleo@example.org")
    page.get_by_role("link", name=re.compile("^Discussion")).click()
    expect(page.locator("#talk-new")).to_have_value("Both may hold.")
    stack.rows("DELETE FROM django_session RETURNING session_key")
    page.get_by_role("button", name="Open the thread").click()
    expect(page.locator("#toasts")).to_contain_text("You were signed out")
    expect(page.locator("#talk-new")).to_have_value("Both may hold.")
    page.keyboard.press("q")
    page.keyboard.press("Escape")
    page.keyboard.press("q")
    expect(page.locator("#question")).to_have_value("Did you")
    page.get_by_role("button", name="Ask and wait").click()
    sign_in(page, password, email="cleo@example.org")
    expect(page.locator("#talk-new")).to_have_value("Both may hold.")
    page.get_by_role("button", name="Open the thread").click()
    expect(page.locator(".talk")).to_contain_text("Both may hold.")
    expect(page.locator("#talk-new")).to_have_value("")
    page.keyboard.press("Escape")
    page.keyboard.press("q")
    expect(page.locator("#question")).to_have_value("Did you")
    page.get_by_role("button", name="Ask and wait").click()
    expect(page.locator("#toasts")).to_contain_text("Asked.")
    page.context.close()


# Slow: a browser profile and a server of its own.
@pytest.mark.slow
def test_it_loses_no_word_of_what_is_sent_once(stack: Stack, chromium: Browser, tmp_path: Path) -> None:
    made = stack.python(BLIND_FIRST)
    pages = {
        "first": f"{stack.url}/p/kept-too/adjudicate/{made['case']}/",
        "skip": f"{stack.url}/p/kept-too/review/{made['seat']}/",
        "probe": f"{stack.url}/p/kept-too/probes/versions/{made['version']}/",
    }

    def arrive() -> Page:
        return come_back(chromium, tmp_path, pages["first"], made["password"], email="cleo@example.org")

    page = arrive()
    page.get_by_role("radio", name="Cannot tell").first.check()
    page.goto(pages["skip"])
    page.keyboard.press("s")
    page.get_by_label("Other").check()
    page.get_by_label("In a few words").press_sequentially("I taught this.")
    page.goto(pages["probe"])
    page.locator("#id_script").press_sequentially("true")
    is_on_disk(page, "#id_script")
    kill(page)

    page = arrive()
    expect(page.get_by_role("radio", name="Cannot tell").first).to_be_checked()
    page.get_by_role("radio", name="Cannot tell").nth(1).check()
    send_signed_out(stack, page, "Keep these and compare", made["password"])
    expect(page.get_by_role("radio", name="Cannot tell").nth(1)).to_be_checked()
    page.get_by_role("button", name="Keep these and compare").click()
    expect(page.get_by_role("heading", name="Disagreements")).to_be_visible()

    page.goto(pages["skip"])
    page.keyboard.press("s")
    expect(page.get_by_label("In a few words")).to_have_value("I taught this.")
    send_signed_out(stack, page, "Skip and next", made["password"])
    page.keyboard.press("s")
    expect(page.get_by_label("In a few words")).to_have_value("I taught this.")
    page.get_by_role("button", name="Skip and next").click()
    expect(page.locator("#toasts")).to_contain_text("Skipped")

    page.goto(pages["probe"])
    expect(page.locator("#id_script")).to_have_value("true")
    page.get_by_label("It is wrong and must fail").check()
    page.get_by_label("Why", exact=True).fill("It does nothing.")
    send_signed_out(stack, page, "Run the probe", made["password"])
    expect(page.locator("#id_script")).to_have_value("true")
    page.get_by_role("button", name="Run the probe").click()
    expect(page.locator("#toasts")).to_contain_text("Attached")
    page.goto(pages["probe"])
    expect(page.locator("#id_script")).to_have_value("")
    page.context.close()


def send_signed_out(stack: Stack, page: Page, button: str, password: str) -> None:
    """The session ends; what is sent leads to the sign-in, and from there back to the page."""
    stack.rows("DELETE FROM django_session RETURNING session_key")
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    sign_in(page, password, email="cleo@example.org")


def come_back(chromium: Browser, profile: Path, address: str, password: str, *, email: str = "ana@example.org") -> Page:
    """The page in the same browser profile, after signing in where that is asked for."""
    kind = chromium.browser_type
    browser = kind.launch_persistent_context(str(profile), executable_path="/usr/bin/chromium", args=FLAGS)
    page = browser.pages[0]
    page.goto(address)
    sign_in(page, password, email=email)
    return page


def write_and_be_killed(page: Page, field: Locator) -> None:
    page.route("**/save/", lambda route: route.abort())
    field.press_sequentially(" Killed.")
    expect(page.locator("#save-state")).not_to_have_text(SAVED)
    kill(page)


def is_on_disk(page: Page, field: str) -> None:
    """A browser writes a key's copy within moments of it, and says when; a busy machine needs some more."""
    page.wait_for_function(
        """async (selector) => {
            const el = document.querySelector(selector), copy = await drafts.find(`draft:${el.form.dataset.keeps}`);
            return copy?.fields.some(([name, value]) => name === el.name && value === el.value);
        }""",
        arg=field,
    )


def kill(page: Page) -> None:
    with suppress(Error):
        page.context.new_cdp_session(page).send("Browser.crash")


def sign_in(page: Page, password: str, *, email: str = "ana@example.org") -> None:
    if "/login/" not in page.url:
        return
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("form:is([data-autosave], [data-keeps])").first).to_be_attached()


def write_without_a_network(page: Page) -> None:
    page.context.set_offline(True)
    why(page).fill("Offline.")
    expect(page.locator("#save-state")).to_have_text("Offline, kept in this browser")
    page.locator("#submit").click()
    expect(page.locator("#toasts")).to_contain_text("No connection")
    expect(why(page)).to_have_value("Offline.")
    page.context.set_offline(False)
    expect(page.locator("#save-state")).to_have_text(SAVED, timeout=20_000)


def write_to_a_dead_server(stack: Stack, page: Page) -> None:
    stack.end("web")
    why(page).press_sequentially(" Restarted.")
    expect(page.locator("#save-state")).to_have_text("Offline, kept in this browser")
    stack.start_web()
    expect(page.locator("#save-state")).to_have_text(SAVED, timeout=60_000)


def write_signed_out(stack: Stack, page: Page, password: str) -> None:
    stack.rows("DELETE FROM django_session RETURNING session_key")
    why(page).press_sequentially(" Expired.")
    expect(page.get_by_role("heading", name="You were signed out")).to_be_visible()
    page.locator("#submit").click()
    expect(page.get_by_role("heading", name="You were signed out")).to_be_visible()
    expect(why(page)).to_have_value("Offline. Restarted. Expired.")
    page.get_by_role("link", name="Sign in again").click()
    sign_in(page, password)
    expect(why(page)).to_have_value("Offline. Restarted. Expired.")
    expect(page.locator("#save-state")).to_have_text(SAVED)
