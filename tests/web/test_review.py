import re

import pytest
from django.http import HttpResponse
from pytest_django import DjangoAssertNumQueries

from annotations.accounts.models import Membership, Project, User
from annotations.core.ids import new_id
from annotations.evidence.models import Evidence
from annotations.review.models import Annotation, Assignment
from tests import builders
from tests.conftest import Browser


@pytest.fixture
def held(project: Project, ana: User, eli: User) -> Assignment:
    """Ana's assignment on a checked task; ben's seat is still free."""
    version = builders.task_version(project, eli)
    builders.finished_run(version, nop="failed")
    builders.case(version)
    return builders.claim(project, ana)


def url(assignment: Assignment, rest: str = "") -> str:
    return f"/p/demo/review/{assignment.pk}/{rest}"


def form(assignment: Assignment, **changes: str) -> dict[str, str]:
    """A complete form with every answer a pass; changes by field name, an empty one leaves the field out."""
    annotation = Annotation.objects.get(assignment=assignment)
    fields = {"version": str(annotation.version), "idempotency_key": str(new_id())}
    for criterion in assignment.case.rubric_version.criteria.all():
        fields[f"c{criterion.position}"] = str(max(criterion.codes))
        fields[f"c{criterion.position}-rationale"] = ""
    fields |= {name.replace("__", "-"): value for name, value in changes.items()}
    return {name: value for name, value in fields.items() if value or "rationale" in name}


def text(response: object) -> str:
    assert isinstance(response, HttpResponse)
    return response.content.decode()


# --- The page ----------------------------------------------------------------
def test_it_shows_the_instruction_beside_the_rubric(held: Assignment, ana: User, browser: Browser) -> None:
    page = text(browser.as_(ana).get(url(held)))
    assert "<strong>one snapshot too many</strong>" in page
    assert page.count("data-crit ") == 8
    assert "0 of 8 answered" in page
    assert "blind" in page


def test_it_shows_files_with_code_and_the_others_in_a_tree(held: Assignment, ana: User, browser: Browser) -> None:
    page = text(browser.as_(ana).get(url(held), {"tab": "files", "path": "environment/rotate.py"}))
    assert '<span class="t-k">def</span>' in page
    assert 'id="L2"' in page
    assert "path=tests%2Fcheck.py" in page


def test_it_shows_evidence_by_criterion_with_logs(held: Assignment, ana: User, browser: Browser) -> None:
    page = text(browser.as_(ana).get(url(held), {"tab": "evidence"}))
    assert page.index("Achievability") < page.index("Non-triviality") < page.index("Environment reliability")
    assert "The check failed." in page
    assert '<span class="f2">nop</span> failed' in page
    assert "Exit code" in page


def test_it_answers_a_tab_with_the_pane_alone(held: Assignment, ana: User, browser: Browser) -> None:
    headers = {"HX-Request": "true", "HX-Target": "section#subject"}
    page = text(browser.as_(ana).get(url(held), {"tab": "files"}, headers=headers))
    assert page.lstrip().startswith('<section id="subject"')
    assert "review-form" not in page


def test_it_keeps_hostile_content_inert(project: Project, ana: User, eli: User, browser: Browser) -> None:
    hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    names = {"instruction.md": f"# Odd\n\n{hostile}\n", "tests/check.py": f"# {hostile}\n"}
    files = builders.bundle_files({**names, "environment/data.bin": b"\x00\x01" * 40})
    builders.case(builders.task_version(project, eli, files=files))
    held = builders.claim(project, ana)
    browser.as_(ana)
    for query in ({}, {"tab": "files", "path": "tests/check.py"}, {"tab": "files", "path": "environment/data.bin"}):
        page = text(browser.get(url(held), query))
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    assert "not text" in page


def test_it_offers_a_large_file_for_download_only(project: Project, ana: User, eli: User, browser: Browser) -> None:
    files = builders.bundle_files({"environment/big.csv": "a,b,c\n" * 100_000})
    builders.case(builders.task_version(project, eli, files=files))
    held = builders.claim(project, ana)
    page = text(browser.as_(ana).get(url(held), {"tab": "files", "path": "environment/big.csv"}))
    assert "too large to show" in page
    assert url(held, "files/environment/big.csv") in page


def test_it_never_sends_what_others_answered(
    held: Assignment, ana: User, ben: User, project: Project, browser: Browser
) -> None:
    theirs = builders.submitted(builders.claim(project, ben), tests_behaviour=0)
    browser.as_(ana)
    pages = [text(browser.get(url(held), {"tab": tab})) for tab in ("instruction", "files", "evidence")]
    assert not any(re.search(r"I saw tests-behaviour fail|\bBen\b", page) for page in pages)
    for rest in ("", "files/instruction.md"):
        assert browser.get(url(theirs, rest)).status_code == 404


def test_it_shows_ones_own_answers_read_only_after_submitting(held: Assignment, ana: User, browser: Browser) -> None:
    builders.submitted(held, tests_behaviour=0)
    page = text(browser.as_(ana).get(url(held)))
    assert "review-form" not in page
    assert "I saw tests-behaviour fail." in page
    assert url(held, "undo/") in page


@pytest.mark.parametrize(("tab", "queries"), [("instruction", 11), ("files", 11), ("evidence", 15)])
def test_it_asks_a_fixed_number_of_queries(
    tab: str,
    queries: int,
    held: Assignment,
    ana: User,
    browser: Browser,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    browser.as_(ana)
    with django_assert_num_queries(queries):
        browser.get(url(held), {"tab": tab})


# --- Saving ------------------------------------------------------------------
def test_it_saves_a_draft_and_answers_with_the_new_version(held: Assignment, ana: User, browser: Browser) -> None:
    answer = browser.as_(ana).post(url(held, "save/"), form(held, c2="", c1__rationale="Half\r\nwritten"))
    assert answer.status_code == 200
    assert 'name="version" value="2"' in text(answer)
    assert "Saved " in text(answer)
    verdicts = {row.criterion.position: row for row in held.annotation.verdicts.select_related("criterion")}
    assert verdicts[1].rationale == "Half\nwritten"
    assert not verdicts[2].is_answered


def test_it_clears_an_answer_that_was_taken_off(held: Assignment, ana: User, browser: Browser) -> None:
    browser.as_(ana).post(url(held, "save/"), form(held))
    browser.post(url(held, "save/"), form(held, c1=""))
    assert not held.annotation.verdicts.get(criterion__position=1).is_answered


def test_it_refuses_a_stale_save_with_both_texts(held: Assignment, ana: User, browser: Browser) -> None:
    stale = form(held, c1__rationale="from this window")
    browser.as_(ana).post(url(held, "save/"), form(held, c1__rationale="from the other window"))
    again = browser.post(url(held, "save/"), {**stale, "c1-rationale": "from the other window"})
    assert (again.status_code, 'value="2"' in text(again)) == (200, True)  # stored already, so no conflict
    answer = browser.post(url(held, "save/"), stale)
    assert answer.status_code == 409
    assert "from this window" in text(answer)
    assert "from the other window" in text(answer)
    assert 'data-keep-mine="2"' in text(answer)
    assert held.annotation.verdicts.get(criterion__position=1).rationale == "from the other window"


@pytest.mark.parametrize("wrong", [{"c1": "7"}, {"c1": "x"}, {"version": "none"}, {"c1__rationale": "y" * 10_001}])
def test_it_refuses_a_malformed_save(wrong: dict[str, str], held: Assignment, ana: User, browser: Browser) -> None:
    answer = browser.as_(ana).post(url(held, "save/"), form(held, **wrong))
    assert answer.status_code == 422
    assert 'id="form-errors"' in text(answer)
    assert not held.annotation.verdicts.exists()


def test_it_saves_a_text_with_a_character_that_postgres_cannot_store(
    held: Assignment, ana: User, browser: Browser
) -> None:
    assert browser.as_(ana).post(url(held, "save/"), form(held, c1__rationale="a\x00b")).status_code == 200


def test_it_refuses_to_save_once_the_lease_is_over(held: Assignment, ana: User, browser: Browser) -> None:
    Assignment.objects.filter(pk=held.pk).update(status=Assignment.Status.EXPIRED)
    assert browser.as_(ana).post(url(held, "save/"), form(held)).status_code == 403


# --- Submitting --------------------------------------------------------------
def test_it_submits_and_goes_on_to_the_next_case(
    held: Assignment, project: Project, ana: User, eli: User, browser: Browser
) -> None:
    builders.case(builders.task_version(project, eli))
    page = browser.as_(ana).post(url(held, "submit/"), form(held), follow=True)
    following = Assignment.objects.get(annotator=ana, status=Assignment.Status.ACTIVE)
    assert page.redirect_chain == [(url(following), 302)]
    assert page["HX-Push-Url"] == url(following)
    assert "Submitted “" in text(page)
    assert url(held, "undo/") in text(page)


def test_it_returns_to_the_queue_after_the_last_case(held: Assignment, ana: User, browser: Browser) -> None:
    page = browser.as_(ana).post(url(held, "submit/"), form(held), follow=True)
    assert page.redirect_chain == [("/p/demo/queue/", 302)]


def test_it_takes_a_repeated_submit_as_one(held: Assignment, ana: User, browser: Browser) -> None:
    sent = form(held)
    browser.as_(ana).post(url(held, "submit/"), sent)
    assert browser.post(url(held, "submit/"), sent).status_code == 302
    assert Annotation.objects.filter(author=ana, status=Annotation.Status.SUBMITTED).count() == 1


def test_it_names_what_is_missing_and_keeps_what_was_given(held: Assignment, ana: User, browser: Browser) -> None:
    answer = browser.as_(ana).post(url(held, "submit/"), form(held, c2="", c1="0", c3__rationale="kept"))
    page = text(answer)
    assert answer.status_code == 422
    assert page.count('<a href="#criterion-') == 2
    assert '<a href="#criterion-1">' in page
    assert "needs a rationale" in page
    assert "kept</textarea>" in page
    assert page.count(" checked><span") == 7


def test_it_refuses_a_stale_submit_and_keeps_what_was_given(held: Assignment, ana: User, browser: Browser) -> None:
    stale = form(held, c1__rationale="mine")
    browser.as_(ana).post(url(held, "save/"), form(held, c1__rationale="stored"))
    answer = browser.post(url(held, "submit/"), stale)
    page = text(answer)
    assert answer.status_code == 409
    assert "mine</textarea>" in page
    assert "stored" in page
    assert 'name="version" value="2"' in page
    assert held.annotation.status == Annotation.Status.DRAFT


def test_it_hides_anothers_assignment_from_everyone(
    held: Assignment, ben: User, cleo: User, olaf: User, browser: Browser
) -> None:
    for user in (ben, cleo, olaf):
        browser.as_(user)
        assert browser.get(url(held)).status_code == 404
        for rest in ("save/", "submit/", "undo/", "skip/"):
            assert browser.post(url(held, rest), form(held)).status_code == 404


def test_it_does_not_find_an_assignment_under_another_project(
    held: Assignment, project: Project, ana: User, browser: Browser
) -> None:
    builders.project("other", ana=(ana, Membership.Role.EXPERT))
    assert browser.as_(ana).get(f"/p/other/review/{held.pk}/").status_code == 404


# --- Undo and skip -----------------------------------------------------------
def test_it_takes_a_submission_back(held: Assignment, ana: User, browser: Browser) -> None:
    builders.submitted(held)
    answer = browser.as_(ana).post(url(held, "undo/"))
    assert answer["Location"] == url(held)
    assert "review-form" in text(browser.get(url(held)))


def test_it_refuses_an_undo_once_everyone_has_submitted(
    held: Assignment, project: Project, ana: User, ben: User, browser: Browser
) -> None:
    builders.submitted(held)
    builders.submitted(builders.claim(project, ben))
    answer = browser.as_(ana).post(url(held, "undo/"))
    assert answer.status_code == 403
    assert "can no longer be taken back" in text(answer)


def test_it_skips_with_a_reason_and_frees_the_seat(held: Assignment, ana: User, browser: Browser) -> None:
    answer = browser.as_(ana).post(url(held, "skip/"), {"reason": "expertise"})
    held.refresh_from_db()
    assert answer["Location"] == "/p/demo/queue/"
    assert (held.status, held.skip_reason) == (Assignment.Status.SKIPPED, "expertise")


def test_it_asks_for_a_reason_to_skip(held: Assignment, ana: User, browser: Browser) -> None:
    answer = browser.as_(ana).post(url(held, "skip/"), {})
    assert answer.status_code == 422
    assert "Choose why you skip this case." in text(answer)


# --- Downloads ---------------------------------------------------------------
def test_it_hands_files_out_as_inert_attachments(held: Assignment, ana: User, browser: Browser) -> None:
    answer = browser.as_(ana).get(url(held, "files/environment/rotate.py"))
    assert answer["Content-Disposition"] == 'attachment; filename="rotate.py"'
    assert answer["Content-Type"].startswith("text/plain")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert b"def rotate" in answer.getvalue()
    assert browser.get(url(held, "files/nothing.txt")).status_code == 404


def test_it_hands_evidence_out_only_of_the_case_at_hand(
    held: Assignment, project: Project, ana: User, eli: User, browser: Browser
) -> None:
    builders.finished_run(builders.task_version(project, eli))
    own = Evidence.objects.filter(result__run__task_version=held.case.task_version)[0]
    other = Evidence.objects.exclude(result__run__task_version=held.case.task_version)[0]
    answer = browser.as_(ana).get(url(held, f"evidence/{own.pk}/"))
    assert answer["Content-Disposition"].startswith("attachment")
    assert b"builds" in answer.getvalue()
    assert browser.get(url(held, f"evidence/{other.pk}/")).status_code == 404
