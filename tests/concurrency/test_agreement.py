"""Two workers bring the same project's numbers up to date."""

from annotations.accounts.models import Project, User
from annotations.agreement import following, units
from annotations.agreement.models import Following, Snapshot, Unit
from tests.annotations.agreement.cases import judged
from tests.concurrency.together import REAL_COMMITS, refusals, together

pytestmark = REAL_COMMITS


def test_two_workers_at_once_measure_once(project: Project, eli: User, ana: User, ben: User) -> None:
    case = judged(project, eli, {ana: 1, ben: 0})
    Following.objects.create(project=project)
    criteria = len(case.rubric_version.criteria.all())
    outcomes = together(*[lambda: following.follow(project.pk)] * 4)
    assert not refusals(outcomes)
    assert (Unit.objects.count(), Snapshot.objects.count()) == (criteria, 2 * criteria)
    assert Following.objects.get().beat_at is None


def test_units_renewed_at_once_are_there_once(project: Project, eli: User, ana: User, ben: User) -> None:
    """Without a claim, as when a silent worker comes back: the statements alone keep them right."""
    cases = [judged(project, eli, {ana: 1, ben: code}) for code in (0, 1, 0)]
    together(*[lambda: units.renew(project)] * 4)
    assert Unit.objects.count() == len(cases) * len(cases[0].rubric_version.criteria.all())
