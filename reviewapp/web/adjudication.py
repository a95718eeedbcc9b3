"""A case under adjudication in plain values: sides under letters, what they rest on, the finals so far."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from annotations.acceptance.models import Appeal
from annotations.accounts.models import User
from annotations.agreement import queries as agreement
from annotations.agreement.models import Between
from annotations.core.errors import Conflict, DomainError, Invalid
from annotations.review import policies, queries
from annotations.review.actions import Basis
from annotations.review.answers import Given, from_stored
from annotations.review.models import AdjudicationDraft, Case, Confidence, FinalVerdict, Question, Verdict
from annotations.review.queries import Comparison, Opinion
from annotations.rubrics.models import Criterion
from reviewapp.web import chips, rendering, sheet
from reviewapp.web.agreement_rows import summary
from reviewapp.web.chips import Chip
from reviewapp.web.review_form import Difference

type Finals = dict[UUID, Given]

GROUNDS_TONE = {"same": "accent", "different": "warn", "uncited": ""}


@dataclass(frozen=True)
class Side:
    """One annotator's answer: letter, the answer in words, the rationale with what differs marked."""

    letter: str
    label: str
    tone: str
    rationale: SafeString
    confidence: str = ""
    citations: tuple[Chip, ...] = ()


@dataclass(frozen=True)
class Told:
    """An answer in words, with why."""

    label: str
    tone: str
    rationale: str = ""


@dataclass(frozen=True)
class Row:
    """A criterion with everyone's answers and the final one.

    `own` is what the lead answered before they saw the others, `before` what stood until an appeal, `usual` how far
    people agree on the criterion in all cases.
    """

    question: sheet.Question
    sides: list[Side]
    is_unanimous: bool
    grounds: str = ""
    grounds_tone: str = ""
    own: Told | None = None
    before: Told | None = None
    usual: str = ""


@dataclass(frozen=True)
class Sent:
    """What a lead sent: finals, reason, confidence, and what their page was made from."""

    finals: Finals
    reason: str
    confidence: int | None
    basis: Basis


@dataclass(frozen=True)
class Desk:
    """All that one lead's page about a case is made from; `sent` is what could not be taken, for `error`."""

    case: Case
    compared: list[Comparison]
    draft: AdjudicationDraft | None
    page: str
    sent: Sent | None = None
    error: DomainError | None = None

    @property
    def problems(self) -> Mapping[str, str]:
        return self.error.problems if isinstance(self.error, Invalid) else {}

    @property
    def version(self) -> int:
        return self.draft.version if self.draft else 0

    @property
    def shown(self) -> Sent:
        """What the form holds: what was sent, or the draft, over the answers nobody needs to decide."""
        stored = _stored(self.draft)
        given = self.sent or Sent(stored, *_words(self.draft), Basis(0, ""))
        return replace(given, finals={**_prefilled(self.compared), **given.finals})


def _words(draft: AdjudicationDraft | None) -> tuple[str, int | None]:
    return (draft.reason, draft.confidence) if draft else ("", None)


def _stored(draft: AdjudicationDraft | None) -> Finals:
    return from_stored(draft.finals) if draft else {}


def _prefilled(compared: Sequence[Comparison]) -> Finals:
    """The answers nobody needs to decide."""
    return {row.criterion.pk: replace(given_in(row.opinions[0]), rationale="") for row in compared if row.is_unanimous}


def given_in(opinion: Opinion) -> Given:
    verdict = opinion.verdict
    return Given(code=verdict.code, cannot_tell=verdict.cannot_tell, rationale=verdict.rationale)


def _usual(compared: Sequence[Comparison]) -> dict[UUID, str]:
    """How far people agree on each criterion over all cases, in words; one query."""
    known = agreement.newest_of([row.criterion for row in compared], Between.PEOPLE)
    return {snapshot.criterion_id: summary(snapshot) for snapshot in known}


# --- The page ----------------------------------------------------------------
def context(desk: Desk, user: User) -> dict[str, object]:
    """What templates/adjudicate/case.html shows beside the subject."""
    shown = desk.shown
    blind, before, usual = _blind(desk.draft), _before(desk.case), _usual(desk.compared)
    rows = [
        replace(
            row(item, shown.finals.get(item.criterion.pk, Given()), desk.problems, desk.page),
            own=told(item.criterion, blind[item.criterion.pk]) if item.criterion.pk in blind else None,
            before=before.get(item.criterion.pk),
            usual=usual.get(item.criterion.pk, ""),
        )
        for item in desk.compared
    ]
    return {
        "disputes": [item for item in rows if not item.is_unanimous],
        "agreed": [item for item in rows if item.is_unanimous],
        "total": len(rows),
        "causes": FinalVerdict.Cause.choices,
        "levels": Confidence.choices,
        "reason": shown.reason,
        "confidence": shown.confidence,
        "reason_error": desk.problems.get("reason", ""),
        "version": desk.version,
        "draft": desk.draft,
        "edition": queries.edition(desk.compared),
        "carried": _carried(desk.case),
        "appeal": Appeal.objects.filter(case=desk.case).first() if desk.case.appealed else None,
        "can_ask": policies.can_ask(user, desk.case),
        **asked(desk.case),
        **refused(desk, user),
    }


def asked(case: Case) -> dict[str, object]:
    """The lead's question with the replies so far, if there is one."""
    question = Question.objects.filter(case=case).select_related("criterion").first()
    if question is None:
        return {}
    question.case = case
    return {"question": question, "replies": queries.heard(question)}


def refused(desk: Desk, user: User) -> dict[str, object]:
    """Why what was sent could not be taken: the case moved on, another window saved, or something is missing."""
    if desk.error is None or desk.sent is None:
        return {}
    if isinstance(desk.error, Conflict) and not policies.waits_for(user, desk.case):
        return {"moved": desk.error.reason}
    if isinstance(desk.error, Conflict) and desk.sent.basis.version != desk.version:
        return {"conflict": {"url": desk.page, "rows": differences(desk)}}
    if isinstance(desk.error, Conflict):
        return {"changed": desk.error.reason}
    criteria = [item.criterion for item in desk.compared]
    fields = ("reason", "confidence", "question")
    return {"errors": sheet.slips(criteria, desk.problems, reason=desk.error.reason, fields=fields)}


def differences(desk: Desk) -> list[Difference]:
    """Where what was sent and the stored draft differ, in the rubric's order, the reason last."""
    mine, theirs = (desk.sent.finals if desk.sent else {}), _stored(desk.draft)
    pairs = [
        (item.criterion.title, *(_in_words(item.criterion, given.get(item.criterion.pk)) for given in (mine, theirs)))
        for item in desk.compared
        if item.criterion.pk in mine
    ]
    reasons = (desk.sent.reason if desk.sent else "", _words(desk.draft)[0])
    names: dict[int | None, str] = {level.value: str(level.label) for level in Confidence}
    levels = (desk.sent.confidence if desk.sent else None, _words(desk.draft)[1])
    pairs.append((_("What decided it"), *reasons))
    pairs.append((_("How sure are you"), *(names.get(level, "") for level in levels)))
    return [Difference(label, here, there) for label, here, there in pairs if here != there]


def _in_words(criterion: Criterion, given: Given | None) -> str:
    given = given or Given()
    cause = dict(FinalVerdict.Cause.choices).get(given.cause, "")
    parts = (sheet.label(criterion, given) or _("no answer"), cause, given.rationale)
    return ". ".join(str(part) for part in parts if part)


def _blind(draft: AdjudicationDraft | None) -> Finals:
    codes = (draft.blind if draft else None) or {}
    return {UUID(key): Given(code, cannot_tell=code is None) for key, code in codes.items()}


def _before(case: Case) -> dict[UUID, Told]:
    """What stood until an appeal, by criterion."""
    if not case.appealed:
        return {}
    finals = FinalVerdict.objects.filter(adjudication__case=case.follows_id).select_related("criterion")
    return {row.criterion_id: told(row.criterion, _given(row)) for row in finals}


def _carried(case: Case) -> list[tuple[str, Told | None]]:
    """The criteria the case does not ask, with what stands."""
    kept = queries.carried(case)
    return [(row.criterion.title, told(row.criterion, _given(row.verdict)) if row.verdict else None) for row in kept]


def _given(verdict: Verdict | FinalVerdict) -> Given:
    return Given(code=verdict.code, cannot_tell=verdict.cannot_tell, rationale=verdict.rationale)


def told(criterion: Criterion, given: Given) -> Told:
    return Told(sheet.label(criterion, given), sheet.tone(criterion, given.code), given.rationale)


# --- A criterion -------------------------------------------------------------
def row(item: Comparison, final: Given, problems: Mapping[str, str], page: str) -> Row:
    """One criterion; `page` is where its chips lead."""
    who: dict[str, tuple[str, ...]] = defaultdict(tuple)
    for opinion in item.opinions:
        who[sheet.value(given_in(opinion))] += (opinion.letter,)
    error, grounds = problems.get(str(item.criterion.pk), ""), item.grounds
    return Row(
        question=sheet.question(item.criterion, final, error=error, who=who),
        sides=[_side(item, opinion, page) for opinion in item.opinions],
        is_unanimous=item.is_unanimous,
        grounds=grounds.label if grounds else "",
        grounds_tone=GROUNDS_TONE[grounds.value] if grounds else "",
    )


def _side(item: Comparison, opinion: Opinion, page: str) -> Side:
    given, verdict = given_in(opinion), opinion.verdict
    return Side(
        letter=opinion.letter,
        label=sheet.label(item.criterion, given),
        tone=sheet.tone(item.criterion, given.code),
        rationale=_marked(item.opinions, opinion),
        confidence=Confidence(verdict.confidence).label if verdict.confidence else "",
        citations=chips.of_verdict(verdict, page),
    )


def _marked(opinions: Sequence[Opinion], opinion: Opinion) -> SafeString:
    """The first rationale is marked against the second, every other against the first; beside nothing, not at all."""
    own, is_first = opinion.verdict.rationale, opinion is opinions[0]
    other = opinions[1 if is_first and len(opinions) > 1 else 0].verdict.rationale
    if not own or not other:
        return rendering.word_diff(own, own).first
    return rendering.word_diff(own, other).first if is_first else rendering.word_diff(other, own).second
