"""A check run in plain values: what ran, what came out, and the facts and logs each check left."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from annotations.catalog import blobs
from annotations.evidence.models import CheckResult, CheckRun, Evidence
from annotations.evidence.queries import place_in_queue
from annotations.rubrics.models import Criterion
from reviewapp.web import rendering
from reviewapp.web.task_rows import state_of

LARGEST_LOG = 4 * 1024 * 1024  # bytes; the harness caps what it keeps well below
_OUTCOME = CheckResult.Outcome
_WRONG = {_OUTCOME.FAILED, _OUTCOME.ERROR}
_ENDED = {_OUTCOME.PASSED, _OUTCOME.FAILED, _OUTCOME.ERROR, _OUTCOME.SKIPPED}


@dataclass(frozen=True)
class FactTable:
    """Facts that repeat, such as one line a run of the reference solution."""

    title: str
    columns: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Log:
    """A piece of evidence as text, ready to show."""

    evidence: Evidence
    html: str


@dataclass(frozen=True)
class CheckView:
    """One check of a run."""

    result: CheckResult
    state: str
    state_label: str
    criterion: str
    elapsed: str
    facts: list[tuple[str, str]]
    tables: list[FactTable]
    log: Log | None

    @property
    def title(self) -> str:
        return self.result.title

    @property
    def summary(self) -> str:
        return self.result.summary

    @property
    def is_open(self) -> bool:
        """Whether its logs and facts are shown at once: when it went wrong, or one of its logs was asked for."""
        return self.log is not None or self.result.outcome in _WRONG

    @property
    def has_more(self) -> bool:
        return bool(self.facts or self.tables or self.result.evidence.all())

    @property
    def ended(self) -> bool:
        return self.result.outcome in _ENDED


@dataclass(frozen=True)
class RunView:
    """A run with its checks and what has to be known to trust it."""

    run: CheckRun
    state: str
    state_label: str
    checks: list[CheckView]
    ahead: int | None
    stand_ins: list[str]
    limits_missing: bool
    engine: str
    image_digest: str

    @property
    def is_live(self) -> bool:
        return self.run.status in CheckRun.LIVE


def queue_place(run: CheckRun | None) -> int | None:
    """How many runs wait before this one; None when it does not wait."""
    return place_in_queue(run) if run and run.status == CheckRun.Status.QUEUED else None


def fingerprint(run: CheckRun | None) -> tuple[Any, ...]:
    """What changes whenever the view of the run does."""
    if run is None:
        return ()
    outcomes = [(result.pk, result.outcome) for result in run.results.all()]
    return (run.pk, run.status, run.attempt, run.waiting_for, run.cancel_requested, outcomes)


def run_view(run: CheckRun, *, ahead: int | None, wanted_log: UUID | None) -> RunView:
    """The run with one log open: the wanted one, else the longest of the first check that went wrong."""
    results = list(run.results.all())
    opened = _opened(results, wanted_log)
    state, label = run_state(run)
    return RunView(
        run=run,
        state=state,
        state_label=label,
        checks=[_check(result, run, opened) for result in results],
        ahead=ahead,
        stand_ins=[str(tag) for tag in run.facts.get("stand_ins", [])],
        limits_missing=run.facts.get("limits_enforced") is False,
        engine=str(run.facts.get("engine") or ""),
        image_digest=str(run.facts.get("image_digest") or ""),
    )


def run_state(run: CheckRun) -> tuple[str, str]:
    """The pill of a whole run: how it ended once it has, else where it stands."""
    if run.status == CheckRun.Status.QUEUED and run.waiting_for:
        return "waiting", run.get_status_display()
    if run.status != CheckRun.Status.FINISHED:
        return run.status, run.get_status_display()
    outcomes = {result.outcome for result in run.results.all()}
    if _OUTCOME.FAILED in outcomes:
        return "failed", _("Found a problem")
    if _OUTCOME.ERROR in outcomes:
        return "error", _("Could not tell")
    return "passed", _("All passed")


def _opened(results: Iterable[CheckResult], wanted: UUID | None) -> Evidence | None:
    all_left = [evidence for result in results for evidence in result.evidence.all() if _is_text(evidence)]
    if wanted:
        return next((evidence for evidence in all_left if evidence.pk == wanted), None)
    wrong = next((result for result in results if result.outcome in _WRONG), None)
    theirs = [left for left in all_left if wrong and left.result_id == wrong.pk]
    return max(theirs, key=lambda left: left.blob.size, default=None)


def _is_text(evidence: Evidence) -> bool:
    return evidence.media_type.startswith("text/") or evidence.media_type == "application/json"


def _check(result: CheckResult, run: CheckRun, opened: Evidence | None) -> CheckView:
    state, label = state_of(result.outcome, run)
    log = Log(opened, _log_html(opened)) if opened and opened.result_id == result.pk else None
    return CheckView(
        result=result,
        state=state,
        state_label=label,
        criterion=dict(Criterion.Serves.choices).get(result.criterion, result.criterion),
        elapsed=elapsed(result.started_at, result.finished_at),
        facts=_scalars(result.facts),
        tables=_tables(result.facts),
        log=log,
    )


def _log_html(evidence: Evidence) -> str:
    return rendering.log(blobs.head(evidence.blob_id, LARGEST_LOG))


def elapsed(start: datetime | None, end: datetime | None) -> str:
    """How long it took, in words short enough for a column: "12.3 s", "2 min 5 s"."""
    if start is None or end is None:
        return ""
    seconds = (end - start).total_seconds()
    if seconds < 60:
        return _("%(count).1f s") % {"count": seconds}
    return _("%(minutes)d min %(seconds)d s") % {"minutes": seconds // 60, "seconds": seconds % 60}


def _scalars(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    plain = {key: value for key, value in facts.items() if not _is_table(value) and value not in (None, [], {})}
    return [(_words(key), _text(value, key)) for key, value in plain.items()]


def _tables(facts: Mapping[str, Any]) -> list[FactTable]:
    return [_table(key, value) for key, value in facts.items() if _is_table(value)]


def _is_table(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _table(key: str, items: list[dict[str, Any]]) -> FactTable:
    """A row an item and a column a fact that any of them has."""
    names = [name for name in dict.fromkeys(name for item in items for name in item) if _any(items, name)]
    rows = [[_text(item.get(name), name) for name in names] for item in items]
    return FactTable(_words(key), [_words(name) for name in names], rows)


def _any(items: list[dict[str, Any]], name: str) -> bool:
    return any(item.get(name) is not None for item in items)


def _words(key: str) -> str:
    return key.removesuffix("_bytes").replace("_", " ").capitalize()


def _text(value: object, key: str = "") -> str:
    """A JSON value for people; a key that ends in _bytes makes a number a size."""
    match value:
        case None:
            return "-"
        case bool():
            return _("yes") if value else _("no")
        case int() if key.endswith("_bytes"):
            return filesizeformat(value)
        case float():
            return f"{value:.2f}".rstrip("0").rstrip(".")
        case list():
            return ", ".join(_text(item) for item in value) or "-"
        case dict():
            pairs = (f"{_words(str(name)).lower()} {_text(item, str(name))}" for name, item in value.items())
            return ", ".join(pairs) or "-"
        case _:
            return str(value)
