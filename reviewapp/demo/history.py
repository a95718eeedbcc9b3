"""A project with weeks of work behind it, lived through day by day by the product's own actions."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from annotations.acceptance import actions as acceptance
from annotations.acceptance import progress
from annotations.acceptance.policies import can_appeal
from annotations.accounts import actions as accounts
from annotations.accounts.models import Membership, Project, User
from annotations.agreement.jobs import follow_project
from annotations.agreement.models import Following
from annotations.catalog import actions as catalog
from annotations.catalog.models import Task
from annotations.discussion import actions as discussion
from annotations.review import actions as review
from annotations.review import policies
from annotations.review import queries as review_queries
from annotations.review.actions import rounds
from annotations.review.answers import Answers, Given
from annotations.review.jobs import work_round
from annotations.review.models import Assignment, Case, FinalVerdict, ReviewSettings
from annotations.review.queries import Comparison
from annotations.rubrics import default
from annotations.rubrics import queries as rubrics
from annotations.rubrics.models import Rubric
from reviewapp import demo
from reviewapp.demo.clock import at
from reviewapp.demo.crowd import CLARIFIED_ON, GAPS, REPLIES, Judge, abilities, crowd, faults
from reviewapp.demo.tasks import Story, stories
from reviewapp.demo.versions import checked, sealed

SLUG, NAME = "demo-history", "Demo with a history"
DAYS = 45
EXPERTS = 8  # beside the demo's own people
NEWCOMER = demo.Login("newcomer@example.org", "Newcomer", "has no skills noted yet, in the project with a history")
GOLD_ON = (8, 19, 33, 39)  # days; one case each
GOLD_FAULTS, GOLD_SOON, GOLD_PERCENT, GOLD_MINIMUM = 2, 0.4, 5, 24  # 24 criteria: three cases
OVERLAP, KEPT_UP = 2.2, 0.93
SECOND_LEAD = 0.1
SETTLED_A_DAY = 0.25  # of what waits for a lead
QUESTION = "Did you try it with the second set of records, or only with the given one?"
APPEAL = "The instruction says in its first paragraph what was missed; the tests try it with the second set of records."
REMARK = "Both answers were defensible here; the next version of the guideline should say which one counts."
CLARIFIED = "A requirement counts as tested when breaking it alone makes a test fail, whichever file that test reads."
REASONS = (
    "The tests decide it: what they try is what the instruction promises.",
    "The instruction is the measure, and it says so in its second paragraph.",
    "Run by hand with an empty file, it behaves as the first answer says.",
)


def seed(cases: int, *, seed: int, on_day: Callable[[int, int], None]) -> Project:
    """Make the project with `cases` cases, the same for the same `seed`; `on_day` hears the day and how many there are.

    Does nothing when it is there already.
    """
    if project := Project.objects.filter(slug=SLUG).first():
        return project
    today = timezone.localtime().replace(hour=8, minute=0, second=0, microsecond=0)
    with transaction.atomic():
        life = _Life(cases, random.Random(seed), today)  # noqa: S311 - demo data, no secret
        for day in range(1, DAYS + 1):
            life.live(day)
            on_day(day, DAYS)
        life.leave_things_open()
    Following.objects.create(project=life.project)
    follow_project(str(life.project.pk))
    return life.project


class _Life:
    """The people and the tasks still to come."""

    def __init__(self, cases: int, rng: random.Random, today: datetime) -> None:
        self.rng, self.today = rng, today
        with at(self.today - timedelta(days=DAYS)):
            self.project = demo.set_up_project(SLUG, NAME)
        self.author = User.objects.get(email="eli@example.org")
        self.leads = list(User.objects.filter(email__in=["cleo@example.org", "dora@example.org"]).order_by("email"))
        with at(self.today - timedelta(days=DAYS)):
            self.judges = crowd(self._experts(), rng)
        self.day = 0
        # A little less work gets done than comes in, so that every desk has something on it.
        self.reviews_a_day = KEPT_UP * OVERLAP * cases / DAYS
        self.faults: dict[UUID, frozenset[str]] = {}
        self.coming = self._spread([story for _, story in zip(range(cases), stories(rng), strict=False)])
        ReviewSettings.objects.create(
            project=self.project,
            extra_annotators=1,
            extra_beyond=2,
            second_lead_percent=0,
            gold_percent=GOLD_PERCENT,
            gold_minimum=GOLD_MINIMUM,
        )

    def _experts(self) -> list[User]:
        for number in range(1, EXPERTS + 1):
            self._join(f"expert-{number}@example.org", f"Expert {number}")
        names = ["ana@example.org", "ben@example.org", *(f"expert-{n}@example.org" for n in range(1, EXPERTS + 1))]
        experts = list(User.objects.filter(email__in=names).order_by("email"))
        for number, member in enumerate(self.project.memberships.filter(user__in=experts).order_by("user__email")):
            knows = abilities(number)
            accounts.change_member(
                member,
                role=member.role,
                skills=knows.skills,
                languages=knows.languages,
                daily_quota=None,
                by=self.leads[0],
            )
        return experts

    def _join(self, email: str, name: str) -> None:
        user = User.objects.filter(email=email).first()
        user = user or User.objects.create(email=email, password=self.author.password, name=name)
        accounts.add_member(self.project, user, Membership.Role.EXPERT, by=None)

    def _spread(self, told: Sequence[Story]) -> dict[int, list[Story]]:
        """The stories by the day they come in; fewer at weekends."""
        days: dict[int, list[Story]] = {day: [] for day in range(1, DAYS + 1)}
        for story in told:
            days[self.rng.randint(1, DAYS)].append(story)
        return days

    # --- A day -------------------------------------------------------------------
    def live(self, day: int) -> None:
        """Tasks come in, experts judge at their pace, leads settle some of what they disagree on."""
        self.day, clock = day, self._clock(day)
        for story in self.coming[day]:
            with at(next(clock)):
                self._hand_in(story)
        shift = self._shift(day)
        share = self.reviews_a_day / max(1, sum(judge.pace for judge in shift))
        for judge in shift:
            for _turn in range(self._about(judge.pace * share)):
                if not self._review(judge, next(clock)):
                    break
        self._reply(clock)
        self._settle(clock)
        if day in GOLD_ON:
            with at(next(clock)):
                self._mark_gold()
        if day == CLARIFIED_ON:
            with at(next(clock)):
                self._clarify()

    def _about(self, mean: float) -> int:
        """A whole number near the mean, so that small projects move too."""
        return int(mean + self.rng.random())

    def _clock(self, day: int) -> Iterator[datetime]:
        """Moments of the day, each later than the one before; none is in the future."""
        moment = self.today - timedelta(days=DAYS - day)
        while True:
            moment += timedelta(seconds=self.rng.randint(40, 300))
            yield min(moment, timezone.now() - timedelta(minutes=1))

    def _shift(self, day: int) -> list[Judge]:
        at_work = 0.2 if (self.today - timedelta(days=DAYS - day)).weekday() >= 5 else 0.75
        return [judge for judge in self.judges if self.rng.random() < at_work]

    def _hand_in(self, story: Story) -> None:
        version = sealed(self.project, story, by=self.author)
        Task.objects.filter(pk=version.task_id).update(title=story.title)
        checked(version, fails=self.rng.random() < 0.04)
        catalog.submit(version.task, by=self.author)
        progress.advance(version.task)
        case = Case.objects.filter(task_version=version).select_related("rubric_version").first()
        if case:
            self.faults[case.pk] = faults(review_queries.case_criteria(case), self.rng)
            self._steer(case, story.needs)

    def _steer(self, case: Case, needs: Sequence[str]) -> None:
        due = timezone.now() + timedelta(days=self.rng.randint(3, 20)) if self.rng.random() < 0.6 else None
        priority = self.rng.choices((0, -1, 1, 2), (80, 6, 10, 4))[0]
        review.steer([case], by=self.leads[0], priority=priority, due_at=due, needs=needs)

    # --- Experts -----------------------------------------------------------------
    def _review(self, judge: Judge, moment: datetime) -> bool:
        with at(moment):
            held = self._claim(judge)
        if held is None:
            return False
        took = int(judge.seconds * self.rng.uniform(0.5, 1.8))
        with at(moment + timedelta(seconds=took)):
            if self.rng.random() < 0.02:
                review.skip(held, self.rng.choice(("expertise", "unclear", "too_long")), by=judge.user)
            else:
                self._submit(held, judge, took)
        return True

    def _claim(self, judge: Judge) -> Assignment | None:
        """The next case for somebody whose queue is not paused, or soon a gold one.

        None of several gold cases, as ids that differ each time would say which of them it is.
        """
        terms = review_queries.terms_of(self.project, judge.user)
        if terms.is_paused:
            return None
        is_gold = self.rng.random() < GOLD_SOON and review_queries.unseen_gold(terms).count() == 1
        return review.claim_next(self.project, by=judge.user, lot=lambda _percent: is_gold)

    def _submit(self, held: Assignment, judge: Judge, took: int) -> None:
        key, annotation = UUID(int=self.rng.getrandbits(128)), held.annotation
        if self.rng.random() < 0.04:
            criterion = self.rng.choice(review_queries.case_criteria(held.case))
            review.flag_gap(held, criterion, self.rng.choice(GAPS), by=judge.user)
        answers = self._answers(held.case, judge)
        review.submit(annotation, answers, version=annotation.version, key=key, by=judge.user, active_seconds=took)
        self._go_on(held.case)

    def _go_on(self, case: Case) -> None:
        if case.task_version:
            progress.advance(case.task_version.task)

    def _reply(self, clock: Iterator[datetime]) -> None:
        """Those whom a lead asked back answer within the day."""
        for held in self._asked():
            with at(next(clock)):
                review.reply(held, self.rng.choice(REPLIES), {}, version=0, by=held.annotator)

    def _asked(self) -> QuerySet[Assignment]:
        """Whoever is to reply to a lead."""
        theirs = Assignment.objects.filter(case__project=self.project, case__status=Case.Status.ASKED)
        return theirs.filter(status=Assignment.Status.SUBMITTED).select_related("annotation", "annotator", "case")

    def _answers(self, case: Case, judge: Judge) -> Answers:
        criteria, wrong = review_queries.case_criteria(case), self.faults[case.gold_of_id or case.pk]
        return {row.pk: judge.answer(row, is_faulty=row.key in wrong, day=self.day, rng=self.rng) for row in criteria}

    # --- Leads -------------------------------------------------------------------
    def _settle(self, clock: Iterator[datetime]) -> None:
        lead = self.rng.choice(self.leads)
        waiting = list(review_queries.to_adjudicate(self.project, lead))
        for case in self.rng.sample(waiting, min(self._about(SETTLED_A_DAY * len(waiting)), len(waiting))):
            compared = review_queries.comparisons(case)
            with at(next(clock)):
                if policies.can_ask(lead, case) and self.rng.random() < 0.08:
                    review.ask(case, QUESTION, by=lead)
                    continue
                finals = {row.criterion.pk: self._final(row) for row in compared}
                sure = self.rng.choice((None, 2, 3))
                self._send_to_second_leads(100 if self.rng.random() < SECOND_LEAD else 0)
                review.adjudicate(case, finals, reason=self.rng.choice(REASONS), by=lead, confidence=sure)
                self._go_on(case)
                self._discuss(case, compared, lead)

    def _send_to_second_leads(self, percent: int) -> None:
        """Cases are drawn by their ids, which differ each time: here the seed draws, so all or none."""
        ReviewSettings.objects.filter(project=self.project).update(second_lead_percent=percent)

    def _discuss(self, case: Case, compared: Sequence[Comparison], lead: User) -> None:
        disputed = [row.criterion.pk for row in compared if not row.is_unanimous]
        if not disputed or self.rng.random() > 0.15:
            return
        said = discussion.start(case, REMARK, discussion.About(criterion=self.rng.choice(disputed)), by=lead)
        annotator = self.rng.choice([held.annotator for held in case.assignments.filter(status="submitted")])
        discussion.reply(said.thread, self.rng.choice(REPLIES), by=annotator)

    def _clarify(self) -> None:
        """The rubric's next version says what people had asked about most."""
        rubric = Rubric.objects.get(project=self.project, slug=default.SLUG)
        newest = rubrics.newest(rubric)
        clearer = [
            replace(spec, guidance=CLARIFIED) if spec.key == "requirements-tested" else spec
            for spec in rubrics.specs(newest)
        ]
        made = rounds.publish_version(
            rubric,
            title=rubric.title,
            criteria=clearer,
            note="Says when a requirement counts as tested.",
            base=newest.number if newest else None,
            by=self.leads[0],
        )
        for begun in made.rounds.all():
            work_round(str(begun.pk))

    def _final(self, row: Comparison) -> Given:
        opinions = [opinion.verdict for opinion in row.opinions]
        chosen = self.rng.choice(opinions)
        cause = "" if row.is_unanimous else self.rng.choice(FinalVerdict.Cause.values)
        said = chosen.rationale or ("" if row.criterion.passes(chosen.code) else "The annotators' evidence holds.")
        return Given(code=chosen.code, cannot_tell=chosen.cannot_tell, rationale=said, cause=cause)

    # --- What is on people's desks -----------------------------------------------
    def leave_things_open(self) -> None:
        """Ana is in the middle of a case, and so are two others; a newcomer waits for a lead to note their skills."""
        for judge in self.judges[:3]:
            held = self._claim(judge)
            if held is None:
                break
            begun = dict(list(self._answers(held.case, judge).items())[:3])
            review.save_draft(held.annotation, begun, version=held.annotation.version, by=judge.user)
        with at(self.today - timedelta(days=1)):
            self._join(NEWCOMER.email, NEWCOMER.name)
            self._ask_back()
            self._appeal()
        self._send_to_second_leads(round(100 * SECOND_LEAD))

    def _ask_back(self) -> None:
        """A lead waits for Ana, whom they asked about a case; whoever else judged it has replied."""
        lead, ana = self.leads[0], self.judges[0].user
        waiting = review_queries.to_adjudicate(self.project, lead)
        theirs = Assignment.objects.filter(case__in=waiting, annotator=ana, status=Assignment.Status.SUBMITTED)
        rows = theirs.order_by("id").select_related("case__project", "case__task_version__task")
        if case := next((row.case for row in rows if policies.can_ask(lead, row.case)), None):
            review.ask(case, QUESTION, by=lead)
            for held in self._asked().exclude(annotator=ana):
                review.reply(held, REPLIES[0], {}, version=0, by=held.annotator)

    def _appeal(self) -> None:
        """The author contests the newest decision of people against a task."""
        against = Task.objects.filter(project=self.project, status=Task.Status.NEEDS_REVISION).order_by("-id")
        if contested := next((task for task in against if can_appeal(self.author, task)), None):
            acceptance.appeal(contested, APPEAL, by=self.author)

    def _mark_gold(self) -> None:
        """The newest case that a lead settled and that has faults to find is dealt again from now on, unseen."""
        settled = Case.objects.filter(project=self.project, status=Case.Status.SETTLED, adjudication__by__in=self.leads)
        telling = (case for case in settled.order_by("-id") if len(self.faults[case.pk]) >= GOLD_FAULTS)
        if case := next((case for case in telling if policies.can_mark_gold(self.leads[0], case)), None):
            review.mark_gold(case, by=self.leads[0])
