"""Leads give cases to named people, and take them back."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction

from annotations.accounts import roles
from annotations.accounts.models import Membership, Project, User
from annotations.audit.actions import record, record_each
from annotations.core.decisions import Denied, require
from annotations.core.errors import Conflict, NotAllowed
from annotations.core.states import move
from annotations.notices import links
from annotations.notices.actions import notify
from annotations.notices.models import Notice
from annotations.review import policies
from annotations.review.models import Annotation, Assignment, Case, Seat

HELD = (Assignment.Status.ASSIGNED, Assignment.Status.ACTIVE)


@dataclass(frozen=True)
class Refusal:
    """Why a case was not given to a person."""

    case: Case
    person: User
    reason: str


@dataclass(frozen=True)
class Assigned:
    """What came of giving cases to people."""

    made: list[Assignment] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


def assign(case: Case, people: Collection[User], *, by: User) -> list[Assignment]:
    """Reserve a seat of the case for each of the people, or for nobody.

    Raises NotAllowed naming who may not judge it, and Conflict when it has fewer free seats than people.
    """
    with transaction.atomic():
        given = assign_many([case], people, by=by)
        if given.refused:
            raise NotAllowed(" ".join(refusal.reason for refusal in given.refused))
        if len(given.made) < len(people):
            raise Conflict(f"This case has {len(given.made)} free seats, fewer than the people you chose.")
        return given.made


@transaction.atomic
def assign_many(cases: Collection[Case], people: Collection[User], *, by: User) -> Assigned:
    """Reserve the free seats of cases of one project for people, spread evenly where people outnumber seats.

    A case stays without those who may not judge it; each of these comes back as a refusal with its reason.
    """
    locked = Case.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=[case.pk for case in cases])
    held = list(locked.select_related("task_version__task", "project").order_by("id"))
    for project in {case.project for case in held}:
        require(roles.can_lead(by, project))
    table = _Table(held, people, by)
    for case in held:
        table.fill(case)
    table.store()
    return table.given


class _Table:
    """The free seats of some cases, and who comes to sit on them."""

    def __init__(self, cases: list[Case], people: Collection[User], by: User) -> None:
        self.people = {person.pk: person for person in people}
        self.by = by
        self.given = Assigned()
        self.load: Counter[UUID] = Counter()
        self.again: list[Assignment] = []
        self.roles = _roles({case.project for case in cases}, self.people.values())
        before = Assignment.objects.filter(case__in=cases, annotator__in=self.people)
        self.before = {(row.case_id, row.annotator_id): row for row in before}
        self.free: dict[UUID, list[Seat]] = defaultdict(list)
        # A seat that somebody claims at this moment is as good as taken.
        seats = Seat.objects.select_for_update(skip_locked=True).filter(case__in=cases, is_free=True)
        for seat in seats.order_by("-number"):
            self.free[seat.case_id].append(seat)

    def fill(self, case: Case) -> None:
        """Seat those of the people who may judge the case, whoever has least first."""
        for person in sorted(self.allowed(case), key=lambda person: self.load[person.pk]):
            if self.free[case.pk]:
                self.given.made.append(self.sit(case, self.free[case.pk].pop(), person))
                self.load[person.pk] += 1

    def allowed(self, case: Case) -> Iterator[User]:
        for pk, person in self.people.items():
            role, before = self.roles.get((case.project_id, pk)), self.before.get((case.pk, pk))
            permit = policies.can_be_given(person, case, role=role, before=before)
            if isinstance(permit, Denied):
                self.given.refused.append(Refusal(case, person, permit.reason))
            else:
                yield person

    def sit(self, case: Case, seat: Seat, person: User) -> Assignment:
        if before := self.before.get((case.pk, person.pk)):
            self.again.append(before)
            before.seat = seat
            return before
        return Assignment(
            case=case, seat=seat, annotator=person, assigned_by=self.by, status=Assignment.Status.ASSIGNED
        )

    def store(self) -> None:
        made, again = self.given.made, {row.pk for row in self.again}
        Seat.objects.filter(pk__in=[row.seat_id for row in made]).update(is_free=False)
        fresh = Assignment.objects.bulk_create(row for row in made if row.pk not in again)
        Annotation.objects.bulk_create(
            Annotation(assignment=row, case_id=row.case_id, author_id=row.annotator_id) for row in fresh
        )
        for row in self.again:
            move(row, Assignment.Status.ASSIGNED, seat=row.seat, assigned_by=self.by)
        record_each("case.assigned", by=self.by, rows=((row.case, {"to": str(row.annotator_id)}) for row in made))
        self.tell()

    def tell(self) -> None:
        """One notice to each person and project: of the case, or of how many there are."""
        given: dict[tuple[UUID, Project], list[Case]] = defaultdict(list)
        for row in self.given.made:
            given[row.annotator_id, row.case.project].append(row.case)
        for (person, project), cases in given.items():
            what = f"“{cases[0].subject}” is" if len(cases) == 1 else f"{len(cases)} cases are"
            text, where = f"{what} assigned to you.", links.queue(project)
            notify([self.people[person]], project, Notice.Kind.ASSIGNED, text, where, by=self.by)


def _roles(projects: Collection[Project], people: Collection[User]) -> dict[tuple[UUID, UUID], str]:
    """What each of the people is in each of the projects, admins included."""
    found = Membership.objects.filter(project__in=projects, user__in=people).values_list("project", "user", "role")
    admins = {(place.pk, person.pk): roles.ADMIN for place in projects for person in people if person.is_superuser}
    return {(project, user): role for project, user, role in found} | admins


@transaction.atomic
def take_back(assignment: Assignment, *, by: User) -> None:
    """Free the seat a person holds or was assigned; their draft is kept."""
    case = Case.every.select_for_update(no_key=True, of=("self",)).select_related("project").get(pk=assignment.case_id)
    assignment.refresh_from_db()
    require(policies.can_take_back(by, assignment, case))
    _free(assignment)
    record("case.taken_back", by=by, target=case, **{"from": str(assignment.annotator_id)})


@transaction.atomic
def give_back_all(person: User, *, project: Project | None = None, by: User | None) -> int:
    """Free every seat a person holds or was assigned, as when they leave a project or, without one, all of them;
    how many. Their drafts are kept."""
    held = Assignment.objects.filter(annotator=person, status__in=HELD)
    if project:
        held = held.filter(case__project=project)
    cases = Case.every.select_for_update(no_key=True).filter(pk__in=held.values("case")).order_by("id")
    by_pk = {case.pk: case for case in cases}
    rows = list(held.filter(case__in=by_pk))
    for assignment in rows:
        _free(assignment)
    record_each("case.taken_back", by=by, rows=((by_pk[row.case_id], {"from": str(person.pk)}) for row in rows))
    return len(rows)


@transaction.atomic
def take_back_unbegun(assignments: Collection[UUID], *, by: User) -> set[UUID]:
    """Free the seats of assignments that nobody has begun to judge; which they were."""
    waiting = Assignment.objects.filter(pk__in=assignments, status=Assignment.Status.ASSIGNED)
    locked = Case.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=waiting.values("case"))
    cases = {case.pk: case for case in locked.select_related("project").order_by("id")}
    for project in {case.project for case in cases.values()}:
        require(roles.can_lead(by, project))
    rows = list(waiting.filter(case__in=cases))
    for assignment in rows:
        _free(assignment)
    record_each("case.taken_back", by=by, rows=((cases[row.case_id], {"from": str(row.annotator_id)}) for row in rows))
    return {row.pk for row in rows}


def _free(assignment: Assignment) -> None:
    move(assignment, Assignment.Status.EXPIRED, assigned_by=None)
    Seat.objects.filter(pk=assignment.seat_id).update(is_free=True)
