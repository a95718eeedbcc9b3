from typing import Any

import pytest
from django.http import HttpResponse
from pytest_django import DjangoAssertNumQueries

from annotations.accounts.models import Project, User
from annotations.review.models import Adjudication, Case, FinalVerdict, ReviewSettings, Verdict
from tests import builders, crowds
from tests.conftest import Browser

LIST = "/p/demo/adjudicate/"


@pytest.fixture
def case(project: Project, ana: User, ben: User, eli: User) -> Case:
    """Ana says that the tests reject sound solutions, ben that they do not; on the rest they agree."""
    return builders.disputed(project, eli, [ana, ben])


def url(case: Case) -> str:
    return f"{LIST}{case.pk}/"


def form(case: Case, **changes: str) -> dict[str, str]:
    """A complete form: every criterion passes, the disagreement has a cause, and there is a reason."""
    fields = {"reason": "The tests compare output only."}
    for criterion in case.rubric_version.criteria.all():
        fields[f"c{criterion.position}"] = str(max(criterion.codes))
    return {**fields, f"{disputed(case)}-cause": "mistake", **changes}


def disputed(case: Case) -> str:
    return f"c{case.rubric_version.criteria.get(key='tests-behaviour').position}"


def text(response: Any) -> str:
    assert isinstance(response, HttpResponse)
    return response.content.decode()


# --- The list ----------------------------------------------------------------
def test_it_lists_cases_with_their_disagreements(case: Case, cleo: User, browser: Browser) -> None:
    page = text(browser.as_(cleo).get(LIST))
    assert url(case) in page
    assert "1 disagreement" in page


def test_it_says_when_nothing_waits(project: Project, cleo: User, browser: Browser) -> None:
    assert "Nothing to adjudicate" in text(browser.as_(cleo).get(LIST))


def test_it_is_for_leads(case: Case, ana: User, carl: User, olaf: User, browser: Browser) -> None:
    for user, status in ((ana, 403), (carl, 403), (olaf, 404)):
        browser.as_(user)
        for answer in (browser.get(LIST), browser.get(url(case)), browser.post(url(case), form(case))):
            assert answer.status_code == status


@pytest.mark.parametrize("more", [0, 3])
def test_the_list_asks_a_fixed_number_of_queries(
    more: int,
    case: Case,
    project: Project,
    ana: User,
    ben: User,
    cleo: User,
    eli: User,
    browser: Browser,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(more):
        builders.disputed(project, eli, [ana, ben])
    browser.as_(cleo)
    with django_assert_num_queries(9):
        browser.get(LIST)


# --- One case ----------------------------------------------------------------
def test_it_shows_disagreements_first_under_letters(case: Case, cleo: User, browser: Browser) -> None:
    page = text(browser.as_(cleo).get(url(case)))
    assert page.index("Tests check behaviour") < page.index("Everyone agrees") < page.index("Instruction is complete")
    for name in ("Ana", "Ben"):
        assert name not in page


def test_it_marks_the_words_in_which_rationales_differ(case: Case, cleo: User, browser: Browser) -> None:
    for name, words in (("Ana", "A name is grepped."), ("Ben", "A name is <i>wanted</i>.")):
        verdicts = Verdict.objects.filter(annotation__author__name=name, criterion__key="tests-behaviour")
        verdicts.update(rationale=words)
    page = text(browser.as_(cleo).get(url(case)))
    assert "A name is <del>grepped</del>." in page
    assert "<ins>&lt;</ins>" in page or "<ins>&lt;i&gt;wanted&lt;/i&gt;</ins>" in page
    assert "<i>wanted" not in page


def test_it_fills_in_what_everyone_agrees_on(case: Case, cleo: User, browser: Browser) -> None:
    assert text(browser.as_(cleo).get(url(case))).count(" checked><span") == 7


def test_it_keeps_the_subject_beside(case: Case, cleo: User, browser: Browser) -> None:
    browser.as_(cleo)
    assert "one snapshot too many" in text(browser.get(url(case)))
    pane = text(browser.get(url(case), {"tab": "files"}, headers={"HX-Target": "section#subject"}))
    assert "tests/test.sh" in pane
    assert "final-form" not in pane
    download = browser.get(f"{url(case)}files/tests/test.sh")
    assert download["Content-Disposition"].startswith("attachment")
    assert download.getvalue().startswith(b"#!/bin/bash")


def test_it_hides_an_open_case_from_leads(project: Project, ana: User, cleo: User, eli: User, browser: Browser) -> None:
    open_case = builders.case(builders.task_version(project, eli))
    builders.submitted(builders.claim(project, ana))
    answer = browser.as_(cleo).get(url(open_case))
    assert answer.status_code == 403
    assert "Not everyone has submitted" in text(answer)


def test_it_refuses_a_lead_who_annotated(
    project: Project, ana: User, cleo: User, dora: User, eli: User, browser: Browser
) -> None:
    case = builders.disputed(project, eli, [ana, cleo])
    for answer in (browser.as_(cleo).get(url(case)), browser.post(url(case), form(case))):
        assert answer.status_code == 403
        assert "I saw tests-behaviour fail" not in text(answer)
    assert browser.as_(dora).get(url(case)).status_code == 200


def test_it_refuses_a_lead_who_wrote_the_task(
    project: Project, ana: User, ben: User, cleo: User, browser: Browser
) -> None:
    case = builders.disputed(project, cleo, [ana, ben])
    assert browser.as_(cleo).get(url(case)).status_code == 403


def test_the_page_asks_a_fixed_number_of_queries(
    case: Case, cleo: User, browser: Browser, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser.as_(cleo)
    with django_assert_num_queries(28):
        browser.get(url(case))


def test_it_says_how_far_people_agree_on_a_disputed_criterion(
    case: Case, project: Project, cleo: User, browser: Browser
) -> None:
    crowds.follow(project)
    assert "Over all cases: α .00, insufficient data" in text(browser.as_(cleo).get(url(case)))


# --- Settling ----------------------------------------------------------------
def test_it_settles_and_goes_on(
    case: Case, project: Project, ana: User, ben: User, cleo: User, eli: User, browser: Browser
) -> None:
    following = builders.disputed(project, eli, [ana, ben])
    answer = browser.as_(cleo).post(url(case), form(case))
    assert answer["Location"] == url(following)
    settled = Adjudication.objects.get(case=case)
    assert (settled.by, settled.reason) == (cleo, "The tests compare output only.")
    assert settled.verdicts.get(criterion__key="tests-behaviour").cause == FinalVerdict.Cause.MISTAKE


def test_it_returns_to_the_list_after_the_last_case(case: Case, cleo: User, browser: Browser) -> None:
    assert browser.as_(cleo).post(url(case), form(case))["Location"] == LIST


def test_it_lets_the_annotators_words_stand_where_the_lead_wrote_none(case: Case, cleo: User, browser: Browser) -> None:
    browser.as_(cleo).post(url(case), form(case, **{disputed(case): "0"}))
    final = FinalVerdict.objects.get(adjudication__case=case, criterion__key="tests-behaviour")
    assert (final.code, final.rationale) == (0, "I saw tests-behaviour fail.")


def test_it_takes_the_leads_own_words(case: Case, cleo: User, browser: Browser) -> None:
    name = disputed(case)
    browser.as_(cleo).post(url(case), form(case, **{name: "0", f"{name}-rationale": "Line 3 greps a name."}))
    final = FinalVerdict.objects.get(adjudication__case=case, criterion__key="tests-behaviour")
    assert final.rationale == "Line 3 greps a name."


def test_it_names_what_is_missing_and_keeps_what_was_given(case: Case, cleo: User, browser: Browser) -> None:
    name = disputed(case)
    answer = browser.as_(cleo).post(
        url(case), form(case, reason="", **{f"{name}-cause": "", f"{name}-rationale": "kept"})
    )
    page = text(answer)
    assert answer.status_code == 422
    assert '<a href="#reason">' in page
    assert "Say why people disagreed" in page
    assert "kept</textarea>" in page
    assert not Adjudication.objects.exists()


def test_it_refuses_an_answer_off_the_scale(case: Case, cleo: User, browser: Browser) -> None:
    assert browser.as_(cleo).post(url(case), form(case, c1="99")).status_code == 422


def test_it_refuses_to_settle_twice(case: Case, cleo: User, dora: User, browser: Browser) -> None:
    browser.as_(cleo).post(url(case), form(case))
    answer = browser.as_(dora).post(url(case), form(case))
    assert answer.status_code == 409
    assert "This case is settled." in text(answer)


def test_it_shows_names_once_the_case_is_settled(case: Case, cleo: User, browser: Browser) -> None:
    browser.as_(cleo).post(url(case), form(case))
    page = text(browser.get(url(case)))
    assert page.index("A · Ana") < page.index("B · Ben")
    assert "Mistake" in page
    assert "The tests compare output only." in page


# --- Drafts, answering first, asking back ----------------------------------------
def test_it_saves_a_draft_and_shows_it_again_to_its_lead_only(
    case: Case, cleo: User, dora: User, browser: Browser
) -> None:
    name = disputed(case)
    given = form(case, reason="Half a sen", version="0", **{f"{name}-rationale": "Line 3"})
    saved = browser.as_(cleo).post(f"{url(case)}save/", given)
    assert (saved.status_code, 'name="version" value="1"' in text(saved)) == (200, True)
    page = text(browser.get(url(case)))
    assert "Half a sen</textarea>" in page
    assert "Line 3</textarea>" in page
    stale = browser.post(f"{url(case)}save/", {**given, "reason": "Another"})
    assert stale.status_code == 409
    assert "Another" in text(stale)
    assert "Half a sen" in text(stale)
    assert browser.post(f"{url(case)}save/", given).status_code == 200  # the same once more is stored already
    surer = browser.post(f"{url(case)}save/", {**given, "confidence": "3"})
    assert (surer.status_code, "How sure are you" in text(surer)) == (409, True)
    assert browser.post(f"{url(case)}save/", {**given, name: "99"}).status_code == 422
    assert "Half a sen" not in text(browser.as_(dora).get(url(case)))


def test_it_keeps_what_was_typed_when_the_case_moved_on(case: Case, cleo: User, dora: User, browser: Browser) -> None:
    browser.as_(cleo).post(url(case), form(case))
    answer = browser.as_(dora).post(url(case), form(case, reason="My long reason", version="0", edition="2.2"))
    assert answer.status_code == 409
    assert "My long reason</textarea>" in text(answer)
    assert "This case is settled." in text(answer)
    moved = browser.post(f"{url(case)}save/", form(case, version="0"))
    assert (moved.status_code, "settled" in text(moved)) == (409, True)


def test_a_lead_answers_first_where_the_project_says_so(
    case: Case, project: Project, cleo: User, browser: Browser
) -> None:
    ReviewSettings.objects.create(project=project, blind_first=True)
    page = text(browser.as_(cleo).get(url(case)))
    assert "I saw tests-behaviour fail" not in page
    assert 'class="who"' not in page
    assert "Instruction is complete" not in page
    assert browser.post(url(case), form(case)).status_code == 403
    assert browser.post(f"{url(case)}first/", {}).status_code == 422
    browser.post(f"{url(case)}first/", {disputed(case): "cannot_tell"})
    page = text(browser.get(url(case)))
    assert "I saw tests-behaviour fail" in page
    assert "You, before you saw these" in page


def test_annotators_reply_blind_and_the_lead_reads_them_by_letter(
    case: Case, ana: User, ben: User, cleo: User, browser: Browser
) -> None:
    browser.as_(cleo)
    refused = browser.post(f"{url(case)}ask/", {"question": " "})
    assert (refused.status_code, "Ask something" in text(refused)) == (422, True)
    criterion = case.rubric_version.criteria.get(key="tests-behaviour")
    browser.post(f"{url(case)}ask/", {"question": "Did you run it?", "criterion": str(criterion.pk)})
    assert "Has not replied yet" in text(browser.get(url(case)))
    assert url(case) in text(browser.get(LIST))
    assert browser.post(url(case), form(case)).status_code == 409
    pages = {user: f"/p/demo/review/{case.assignments.get(annotator=user).pk}/question/" for user in (ana, ben)}
    page = pages[ana]
    name = disputed(case)
    own = text(browser.as_(ana).get(page))
    assert "Did you run it?" in own
    assert "I saw tests-behaviour fail." in own
    for word in ("Ben", "Cleo", "Instruction is complete"):
        assert word not in own
    given = {"reply": "I had not.", "version": "0", name: "2", f"{name}-rationale": ""}
    assert browser.post(page, {**given, "reply": ""}).status_code == 422
    stale = browser.post(page, {**given, "version": "99"})
    assert (stale.status_code, "I had not.</textarea>" in text(stale)) == (409, True)
    assert browser.post(page, given).status_code == 302
    assert browser.get(page).status_code == 403
    twice = browser.post(page, {**given, "reply": "One thing more."})
    assert (twice.status_code, "You have replied." in text(twice)) == (409, True)
    assert "One thing more.</textarea>" in text(twice)
    browser.as_(cleo).post(f"{url(case)}stop-waiting/")
    back = text(browser.get(url(case)))
    assert "I had not." in back
    assert "No reply" in back
    assert browser.as_(ben).post(pages[ben], given).status_code == 409


def test_a_reply_is_saved_as_it_is_typed(case: Case, ana: User, ben: User, cleo: User, browser: Browser) -> None:
    browser.as_(cleo).post(f"{url(case)}ask/", {"question": "Did you run it?"})
    page = f"/p/demo/review/{case.assignments.get(annotator=ana).pk}/question/"
    name = disputed(case)
    given = {"reply": "I h", "version": "0", name: "2", f"{name}-rationale": "Becau"}
    saved = browser.as_(ana).post(f"{page}save/", given)
    assert (saved.status_code, 'name="version" value="1"' in text(saved)) == (200, True)
    assert "Saved " in text(saved)
    again = text(browser.get(page))
    assert "I h</textarea>" in again
    assert "Becau</textarea>" in again
    assert browser.post(f"{page}save/", given).status_code == 200  # the same once more is stored already
    stale = browser.post(f"{page}save/", {**given, "reply": "Another"})
    assert (stale.status_code, "Another" in text(stale), "I h" in text(stale)) == (409, True, True)
    wrong = browser.post(f"{page}save/", {**given, "version": "1", name: "99"})
    assert (wrong.status_code, "form-errors" in text(wrong)) == (422, True)
    assert browser.as_(ben).post(f"{page}save/", given).status_code == 404
    browser.as_(cleo).post(f"{url(case)}stop-waiting/")
    late = browser.as_(ana).post(f"{page}save/", {**given, "version": "1"})
    assert (late.status_code, "The lead has gone on" in text(late)) == (409, True)


def test_a_second_lead_sees_an_ordinary_case(
    case: Case, project: Project, cleo: User, dora: User, browser: Browser
) -> None:
    ReviewSettings.objects.create(project=project, second_lead_percent=100)
    browser.as_(cleo).post(url(case), form(case))
    assert url(case) not in text(browser.get(LIST))
    browser.as_(dora)
    assert url(case) in text(browser.get(LIST))
    page = text(browser.get(url(case)))
    assert "names hidden" in page
    assert "The tests compare output only." not in page
    assert browser.post(url(case), form(case, reason="Mine.")).status_code == 302
    assert Adjudication.objects.get(case=case).by == cleo
    assert "Mine." not in text(browser.as_(cleo).get(url(case)))


# --- Appeals ---------------------------------------------------------------------
def test_an_author_appeals_from_the_task_with_all_issues_in_view(
    project: Project, ana: User, ben: User, cleo: User, eli: User, browser: Browser
) -> None:
    version = builders.refused(project, eli, [ana, ben])
    page = f"/p/demo/tasks/{version.task_id}/"
    shown = text(browser.as_(eli).get(page))
    assert "What to deal with" in shown
    assert "I saw tests-behaviour fail." in shown
    assert f"{page}appeal/" in shown
    assert f"{page}appeal/" not in text(browser.as_(cleo).get(page))
    assert browser.as_(eli).post(f"{page}appeal/", {"reason": " "}).status_code == 422
    assert browser.post(f"{page}appeal/", {"reason": "They do accept it."}).status_code == 302
    assert browser.get(f"{page}appeal/").status_code == 403
    appealed = Case.objects.get(appealed=True)
    opened = text(browser.as_(cleo).get(url(appealed)))
    assert "They do accept it." in opened
    assert "Decided before" in opened
    assert "Eli" not in opened
