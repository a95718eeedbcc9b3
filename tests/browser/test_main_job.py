"""The main job in real Chromium: an author, two experts and a lead take a task from upload to a release."""

import json
import re
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from harness import bundle as bundles
from tests.browser.visitor import Visitor
from tests.databases import ROOT
from tests.stack import Stack

EXAMPLE = ROOT / "examples" / "snapshot-retention"
TITLE = re.compile("snapshot", re.IGNORECASE)
DISPUTED = "Every requirement is tested"
DOUBT = "Nothing breaks when two snapshots share a time."


# Slow: containers run the whole check, and four people click through every page.
@pytest.mark.slow
def test_it_takes_a_task_from_upload_to_release(stack: Stack, visit: Callable[[str], Visitor], tmp_path: Path) -> None:
    stack.python("import json; from reviewapp import demo; demo.set_up_project('journey', 'Journey'); print('null')")
    eli, ana, ben, cleo = (visit(name) for name in ("eli", "ana", "ben", "cleo"))

    ask_for_little(cleo)
    upload(eli, tmp_path)
    review(ana, disputed="Pass")
    page_of(ben, "/p/journey/queue/")
    assert DOUBT not in ben.page.content()
    review(ben, disputed="Fail", because=DOUBT)
    adjudicate(cleo)
    release(cleo)

    exported = download(cleo.page, "tree.tar.gz", tmp_path)
    line = json.loads(download(cleo.page, "tasks.jsonl", tmp_path).read_text())
    with tarfile.open(exported) as tree:
        tree.extractall(tmp_path / "tree", filter="data")
    (manifest,) = (tmp_path / "tree").glob("*/*/task.toml")
    assert bundles.load(manifest.parent).digest == bundles.load(EXAMPLE).digest == line["digest"]


def page_of(visitor: Visitor, path: str) -> Page:
    visitor.open(path)
    visitor.audit()
    return visitor.page


def ask_for_little(lead: Visitor) -> None:
    """A policy under which a run of the checks is a matter of seconds."""
    page = page_of(lead, "/p/journey/policy/")
    for label, count in (("Runs of the reference solution", 1), ("Runs that do nothing", 1), ("Mutants", 0)):
        page.get_by_label(label).fill(str(count))
    page.get_by_role("button", name="Set as the next version").click()
    expect(page.get_by_text("Version 2").first).to_be_visible()


def upload(eli: Visitor, folder: Path) -> None:
    page = page_of(eli, "/p/journey/tasks/")
    page.get_by_role("link", name="Import").first.click()
    eli.audit()
    page.locator("input[type=file]").set_input_files(packed(folder))
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    for tab in ("instruction", "files", "checks", "versions"):
        page.locator(f"nav.tabs a[href*='tab={tab}'], .tabs a[href*='tab={tab}']").first.click()
        eli.audit()
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("#task-status")).to_contain_text("In review", timeout=240_000)
    eli.audit()


def packed(folder: Path) -> Path:
    archive = folder / "task.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(EXAMPLE, arcname="snapshot-retention")
    return archive


def review(expert: Visitor, *, disputed: str, because: str = "") -> None:
    page = page_of(expert, "/p/journey/queue/")
    page.get_by_role("button", name="Start next").click()
    expect(page.locator("#review-form")).to_be_visible()
    expert.audit()
    for criterion in page.locator("fieldset.crit").all():
        is_disputed = DISPUTED in criterion.inner_text()
        criterion.locator("label").filter(has_text=disputed if is_disputed else re.compile("^(Pass|Yes)")).first.click()
        if is_disputed and because:
            criterion.locator("textarea").fill(because)
    expect(page.get_by_text(re.compile(r"Saved \d\d:\d\d")).first).to_be_visible()
    page.locator("#submit").click()
    expect(page).to_have_url(re.compile("/queue/"))


def adjudicate(lead: Visitor) -> None:
    page = page_of(lead, "/p/journey/adjudicate/")
    page.get_by_role("link", name=TITLE).first.click()
    dispute = page.locator("fieldset.dispute")
    expect(dispute).to_have_count(1)
    expect(page.get_by_text(DOUBT).first).to_be_visible()
    lead.audit()
    dispute.locator("label").filter(has_text=re.compile("^Pass")).first.click()
    dispute.get_by_role("radio", name="Mistake").check()
    page.get_by_label("What decided it").fill("The hidden data holds equal times, so a wrong order fails.")
    page.get_by_role("button", name="Settle and next").click()
    expect(page).to_have_url(re.compile("/adjudicate/$"))
    lead.audit()


def release(lead: Visitor) -> None:
    page = page_of(lead, "/p/journey/tasks/")
    page.get_by_role("link", name=TITLE).first.click()
    expect(page.locator("#task-status")).to_contain_text("Accepted", timeout=20_000)
    page_of(lead, "/p/journey/rubrics/")
    page_of(lead, "/p/journey/datasets/")
    page.locator("form.form input[type=text]").first.fill("Journey tasks")
    page.get_by_role("button", name="Create the dataset").click()
    lead.audit()
    page.locator("input[type=checkbox]").first.check()
    page.get_by_role("button", name="Seal the release").click()
    expect(page.get_by_text("Sealed").first).to_be_visible()
    lead.audit()
    release_page = page.url
    page_of(lead, "/tokens/")
    page.goto(release_page)


def download(page: Page, name: str, folder: Path) -> Path:
    with page.expect_download() as started:
        page.get_by_role("link", name=name).click()
    target = folder / name
    started.value.save_as(target)
    return target
