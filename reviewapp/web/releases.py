"""A release's page in plain values: splits, tasks, and the data card, all read from the rows it was sealed with."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from annotations.accounts.models import User
from annotations.catalog.models import Task
from annotations.datasets import queries
from annotations.datasets.models import Dataset, Release, ReleaseItem
from reviewapp.web import rendering

FIRST_VERSION = "1.0"


@dataclass(frozen=True)
class ItemView:
    """A task of the release; `url_of` is its task when the reader may open it."""

    item: ReleaseItem
    url_of: UUID | None


@dataclass(frozen=True)
class ReleasePage:
    """What the page of a release shows."""

    release: Release
    items: list[ItemView]
    splits: dict[str, int]
    card: list[tuple[str, str]]
    changelog: str
    command: str


def page(release: Release, request: HttpRequest, person: User) -> ReleasePage:
    """The release with its tasks by name, in three queries."""
    rows = list(
        queries.items(release).select_related(
            "task_version__task", "decision__policy", "decision__adjudication__case__rubric_version__rubric"
        )
    )
    seen = Task.objects.visible_to(person).filter(versions__release_items__release=release)
    visible = set(seen.values_list("pk", flat=True))
    return ReleasePage(
        release=release,
        items=[ItemView(row, _if_in(row.task_version.task_id, visible)) for row in rows],
        splits=queries.split_counts(rows),
        card=data_card(rows),
        changelog=rendering.markdown(release.changelog),
        command=fetch_command(request, release),
    )


def _if_in(task: UUID, visible: set[UUID]) -> UUID | None:
    return task if task in visible else None


def data_card(rows: Sequence[ReleaseItem]) -> list[tuple[str, str]]:
    """How the tasks came to be in the release, as label and text."""
    decisions = [row.decision for row in rows]
    days = sorted(decision.decided_at.date() for decision in decisions)
    cases = [decision.adjudication.case for decision in decisions if decision.adjudication]
    settled = Counter(bool(decision.adjudication and decision.adjudication.by_id) for decision in decisions)
    by_lead = _("%(lead)d by a lead, %(unanimous)d unanimous")
    return [
        (_("Accepted"), " to ".join(dict.fromkeys([days[0].isoformat(), days[-1].isoformat()]))),
        (_("Policy"), _listed(_("version %(n)d") % {"n": decision.policy.number} for decision in decisions)),
        (_("Judged by"), _listed(_("%(n)d experts") % {"n": case.overlap} for case in cases)),
        (_("Rubric"), _listed(str(case.rubric_version) for case in cases)),
        (_("Settled"), by_lead % {"lead": settled[True], "unanimous": settled[False]}),
        (_("Revision rounds"), _listed(str(decision.round) for decision in decisions)),
        *_metadata(rows, _("Difficulty"), "difficulty"),
        *_metadata(rows, _("Category"), "category"),
    ]


def _metadata(rows: Iterable[ReleaseItem], label: str, key: str) -> list[tuple[str, str]]:
    """How often each value of a metadata field of task.toml occurs; nothing when no task has it."""
    found = [row.task_version.config.get("metadata", {}).get(key) for row in rows]
    text = _listed(str(value) for value in found if value)
    return [(label, text)] if text else []


def _listed(texts: Iterable[str]) -> str:
    """Distinct texts, the most frequent first, with counts where there are several."""
    counts = Counter(texts)
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{text} ({count})" for text, count in counts.most_common())


def file_name(release: Release, ending: str) -> str:
    return f"{release.dataset.slug}-{release.version}{ending}"


def fetch_command(request: HttpRequest, release: Release) -> str:
    """The command that downloads the release with a token in $REVIEWAPP_TOKEN."""
    url = request.build_absolute_uri(reverse("api-release-tree", args=[release.pk]))
    return f'curl -fL -H "Authorization: Bearer $REVIEWAPP_TOKEN" -o {file_name(release, ".tar.gz")} {url}'


def next_version(dataset: Dataset) -> str:
    """The newest release's version with its minor number raised; 1.0 for the first."""
    newest = dataset.releases.first()
    if newest is None:
        return FIRST_VERSION
    major, minor = newest.version.split(".")[:2]
    digits = re.match(r"\d+", minor)
    return f"{major}.{int(digits[0] if digits else 0) + 1}"
