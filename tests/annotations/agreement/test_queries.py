"""What pages and the API ask about agreement."""

import csv
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotations.accounts.models import Project, User
from annotations.agreement import queries, units
from annotations.agreement.models import Between, Unit
from annotations.agreement.patterns import Pattern
from annotations.agreement.queries import EVERYTHING, Filters
from annotations.core.errors import Invalid
from annotations.core.keyset import Start
from annotations.review.models import Case, ReviewSettings
from annotations.rubrics.models import Criterion
from tests.annotations.agreement.cases import criterion, judged, settled

TOML = 'version = "1.0"\nsource = "{source}"\n\n[metadata]\ncategory = "{category}"\n'


def toml(category: str, source: str) -> dict[str, str]:
    return {"task.toml": TOML.format(category=category, source=source)}


@pytest.fixture
def agreed(project: Project, eli: User, ana: User, ben: User) -> Case:
    """Settled by everybody's agreement, three weeks ago."""
    return judged(project, eli, {ana: 1, ben: 1}, **toml("debugging", "bench-a"))


@pytest.fixture
def disputed(project: Project, eli: User, ana: User, ben: User) -> Case:
    """Still with the leads."""
    return judged(project, eli, {ana: 1, ben: 0}, **toml("security", "bench-b"))


@pytest.fixture
def decided(project: Project, eli: User, ana: User, cleo: User, dora: User) -> Case:
    """Ana and cleo disagreed; dora sided with cleo."""
    case = judged(project, eli, {ana: 1, cleo: 0}, **toml("security", "bench-a"))
    settled(case, dora, 0)
    return case


@pytest.fixture
def three(project: Project, agreed: Case, disputed: Case, decided: Case) -> Criterion:
    """The criterion that the three cases differ in."""
    units.renew(project)
    Unit.objects.filter(case=agreed).update(at=timezone.now() - timedelta(weeks=3))
    return criterion(agreed)


def count(work: Callable[[], object]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        work()
    return len(seen)


def pattern(codes: tuple[int, int], final: int | None = None) -> Pattern:
    return Pattern(codes, 1, settled=final is not None, final=final)


def test_patterns_count_what_is_alike(three: Criterion) -> None:
    found = queries.patterns([three])[three.pk]
    assert set(found) == {pattern((1, 1), 1), pattern((1, 0)), pattern((1, 0), 0)}
    every = list(three.rubric_version.criteria.all())
    assert count(lambda: queries.patterns(every)) == 1
    assert {len(rows) for pk, rows in queries.patterns(every).items() if pk != three.pk} == {2}


def test_filters_narrow_what_is_counted(three: Criterion, ana: User, ben: User, cleo: User) -> None:
    today, yesterday = timezone.now().date(), timezone.now().date() - timedelta(days=1)
    expected: list[tuple[Filters, set[tuple[int, int]]]] = [
        (Filters(), {(1, 1), (1, 0)}),
        (Filters(since=today), {(1, 0)}),
        (Filters(until=yesterday), {(1, 1)}),
        (Filters(category="debugging"), {(1, 1)}),
        (Filters(category="nothing"), set()),
        (Filters(source="bench-a"), {(1, 1), (1, 0)}),
        (Filters(source="bench-b"), {(1, 0)}),
        (Filters(person=ben.pk), {(1, 1)}),
        (Filters(person=ana.pk, other=cleo.pk), {(1, 0)}),
        (Filters(person=ben.pk, other=cleo.pk), set()),
    ]
    for filters, found in expected:
        assert {row.codes for row in queries.patterns([three], filters)[three.pk]} == found, filters
        assert Filters.read(filters.params) == filters
        assert filters.narrow == bool(filters.params)


def test_filters_say_what_they_cannot_read() -> None:
    with pytest.raises(Invalid) as refused:
        Filters.read({"since": "soon", "until": "9999-12-31", "person": "ana", "category": "a" * 101, "source": "\0"})
    assert set(refused.value.problems) == {"since", "until", "person", "category", "source"}


def test_choices_are_what_tasks_say_of_themselves(project: Project, three: Criterion) -> None:
    found = queries.choices(project)
    assert (found.categories, found.sources) == (["debugging", "security"], ["bench-a", "bench-b"])
    assert count(lambda: queries.choices(project)) == 1


def test_numbers_under_filters_are_snapshots_that_nobody_stored(three: Criterion) -> None:
    found = queries.measured([three], Between.PEOPLE)[three.pk]
    assert (found.found, found.used, found.raters, found.ratings) == (3, 3, 3, 6)
    final = queries.measured([three], Between.FINAL)[three.pk]
    assert (final.found, final.used, final.excluded, final.raters) == (3, 2, {"unsettled": 1}, 3)
    assert queries.measured([three], Between.LEADS)[three.pk].found == 0
    every = list(three.rubric_version.criteria.all())
    assert count(lambda: queries.measured(every, Between.PEOPLE)) == 2


def test_leads_are_counted_as_raters_of_their_own(
    project: Project, eli: User, ana: User, ben: User, cleo: User, dora: User
) -> None:
    ReviewSettings.objects.create(project=project, second_lead_percent=100)
    case = judged(project, eli, {ana: 1, ben: 0})
    settled(case, cleo, 0)
    settled(case, dora, 0)
    units.renew(project)
    found = queries.measured([criterion(case)], Between.LEADS)[criterion(case).pk]
    assert (found.found, found.used, found.raters, found.raw) == (1, 1, 2, 1.0)


def test_weeks_begin_on_monday_and_come_in_order(three: Criterion) -> None:
    weeks = queries.weekly_patterns([three])[three.pk]
    assert list(weeks) == sorted(weeks)
    assert {day.weekday() for day in weeks} == {0}
    assert [sum(row.units for row in rows) for rows in weeks.values()] == [1, 2]
    assert count(lambda: queries.weekly_patterns([three])) == 1


def test_pairs_tell_whose_answers_are_whose_once_settled(three: Criterion, ana: User, ben: User, cleo: User) -> None:
    table = queries.pairs(three.rubric_version)
    assert table.people == [ana, ben, cleo]
    mine = table.by_criterion[three.pk]
    assert mine.shared.tolist() == [[0, 1, 1], [1, 0, 0], [1, 0, 0]]
    assert mine.agreed.tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    criteria = len(three.rubric_version.criteria.all())
    assert table.pooled.shared[0].tolist() == [0, criteria, criteria]
    assert table.pooled.agreed[0].tolist() == [0, criteria, criteria - 1]
    assert count(lambda: queries.pairs(three.rubric_version)) == 3
    nobody = queries.pairs(three.rubric_version, Filters(category="nothing"))
    assert (nobody.people, nobody.by_criterion, nobody.pooled.shared.size) == ([], {}, 0)


def test_cases_behind_a_number_come_lowest_agreement_first(
    three: Criterion, agreed: Case, disputed: Case, decided: Case
) -> None:
    first = queries.cases_behind(three, size=2)
    second = queries.cases_behind(three, start=Start(first.after), size=2)
    rows = [*first.rows, *second.rows]
    assert ({row.case for row in rows[:2]}, rows[2].case) == ({disputed, decided}, agreed)
    assert [row.agreement for row in rows] == [0, 0, 1]
    assert (second.after, bool(second.before)) == ("", True)
    told = {row.case: (row.answers, row.final) for row in rows}
    assert told == {disputed: (None, None), decided: ((1, 0), 0), agreed: ((1, 1), 1)}
    assert count(lambda: queries.cases_behind(three, size=2)) == 3


def test_cases_behind_the_final_verdict_go_by_who_met_it(three: Criterion, agreed: Case, decided: Case) -> None:
    found = queries.cases_behind(three, between=Between.FINAL)
    assert [(row.case, row.agreement) for row in found.rows] == [(decided, 0.5), (agreed, 1.0)]
    assert queries.cases_behind(three, between=Between.LEADS).rows == []
    page = queries.cases_behind(three, between=Between.FINAL, size=1)
    assert queries.cases_behind(three, between=Between.FINAL, start=Start(page.after)).rows[0].case == agreed


def test_cases_behind_keep_the_first_leads_verdict_from_the_second(
    project: Project, eli: User, ana: User, ben: User, cleo: User
) -> None:
    ReviewSettings.objects.create(project=project, second_lead_percent=100)
    case = judged(project, eli, {ana: 1, ben: 0})
    settled(case, cleo, 0)
    units.renew(project)
    (row,) = queries.cases_behind(criterion(case)).rows
    assert (row.answers, row.final) == ((1, 0), None)
    assert queries.cases_behind(criterion(case), between=Between.FINAL).rows == []


def test_a_case_knows_how_far_its_people_agreed(three: Criterion, disputed: Case) -> None:
    found = queries.case_agreement(disputed)
    assert (found[three.pk].agreement, found[three.pk].snapshot) == (0, None)
    assert len(found) == len(three.rubric_version.criteria.all())


# --- The table ---------------------------------------------------------------
def lines(three: Criterion, filters: Filters = EVERYTHING) -> list[dict[str, str]]:
    text = b"".join(queries.rating_table(three.rubric_version, filters)).decode()
    return [row for row in csv.DictReader(text.splitlines()) if row["criterion"] == three.key]


def test_the_table_has_a_row_for_every_unit_and_a_column_for_every_person(
    three: Criterion, agreed: Case, decided: Case, ana: User, ben: User, cleo: User
) -> None:
    rows = {row["case"]: row for row in lines(three)}
    columns = [f"{person} ({person.pk})" for person in (ana, ben, cleo)]
    assert list(rows[str(agreed.pk)])[-3:] == columns
    assert [rows[str(agreed.pk)][name] for name in columns] == ["1", "1", ""]
    row = rows[str(decided.pk)]
    assert ([row[name] for name in columns], row["final"], row["used"], row["why_not"]) == (
        ["1", "", "0"],
        "0",
        "yes",
        "",
    )
    assert row["subject"] == decided.task_version.task.slug  # type: ignore[union-attr]  # its subject is a task


def test_the_table_keeps_back_who_answered_what_until_it_is_settled(three: Criterion, disputed: Case) -> None:
    row = next(row for row in lines(three) if row["case"] == str(disputed.pk))
    assert (row["settled"], row["used"], row["final"]) == ("no", "yes", "")
    assert set(list(row.values())[-3:]) == {""}


def test_the_table_keeps_the_first_leads_verdict_from_the_second(
    project: Project, eli: User, ana: User, ben: User, cleo: User, dora: User
) -> None:
    ReviewSettings.objects.create(project=project, second_lead_percent=100)
    case = judged(project, eli, {ana: 1, ben: None})
    settled(case, cleo, 0)
    units.renew(project)
    (row,) = lines(criterion(case))
    assert (row["final"], row["used"], row["why_not"]) == ("", "no", "Fewer than two people could tell")
    assert [row[f"{person} ({person.pk})"] for person in (ana, ben)] == ["1", "cannot tell"]
    settled(case, dora, 1)
    units.renew(project)
    (row,) = lines(criterion(case))
    assert (row["final"], row["second_final"]) == ("0", "1")


def test_the_table_holds_no_formulas(three: Criterion, ana: User) -> None:
    User.objects.filter(pk=ana.pk).update(name="=cmd|' /C calc'!A0")
    header = next(queries.rating_table(three.rubric_version)).decode()
    assert "'=cmd" in header
    assert ",=" not in header
