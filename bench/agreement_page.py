"""What the agreement pages take of a large project: server time, bytes and nodes, 200 criteria × 40 people.

`python -m bench.agreement_page` serves them as `./dev up` does, from a database of its own, and ends with 1 where a
budget is missed. Times mean something on a machine that does nothing else.
"""

import argparse
import re
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench import workbench
from bench.agreement_snapshots import product
from bench.browser import Browser, Page
from bench.measures import Measure, tell
from reviewapp.dev import programs

MILLISECONDS, BYTES, NODES = 300, 200 * 1024, 3000
ELEMENT = re.compile(r"<[a-z]")
# Half of the criteria are ordered, and a tenth of all answers is not the commonest one.
SEED = """
import json, random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from django.conf import settings
from reviewapp.identity import SessionStore
from django.utils import timezone
from annotations.accounts.models import Membership, User
from annotations.agreement.models import Following, Unit
from annotations.catalog.actions import seal
from annotations.review.models import Case
from annotations.rubrics import default
from annotations.rubrics.models import Criterion, Rubric, RubricVersion
from annotations.rubrics.queries import criteria_of
from annotations.rubrics.specs import columns
from harness.bundle import load
from reviewapp import demo
from tests.crowds import measure

rng = random.Random(1)
project = demo.set_up_project("bench", "Bench")
lead = User.objects.get(email="dora@example.org")
made = [
    replace(default.CRITERIA[n % 8], key=f"criterion-{{n}}", title=f"{{default.CRITERIA[n % 8].title}}, part {{n}}")
    for n in range({criteria})
]
rubric = Rubric.objects.create(project=project, slug="large", title="Large")  # larger than may be published
version = RubricVersion.objects.create(rubric=rubric, number=1)
Criterion.objects.bulk_create(
    Criterion(rubric_version=version, position=n, **columns(spec)) for n, spec in enumerate(made)
)
people = [
    User.objects.create(email=f"annotator{{n}}@example.org", name=f"Annotator {{n}}", password="!")
    for n in range({people})
]
Membership.objects.bulk_create(Membership(project=project, user=user, role="expert") for user in people)
subject = seal(project, load(Path("examples/snapshot-retention")), by=lead)
cases = Case.objects.bulk_create(
    Case(project=project, task_version=subject, rubric_version=version, round=n, overlap=2, status="settled")
    for n in range(1, {cases} + 1)
)
now = timezone.now()
for number, case in enumerate(cases):
    pair = [user.pk for user in rng.sample(people, 2)]
    units = []
    for row in criteria_of(version.pk):
        codes = [max(row.codes) if rng.random() < 0.9 else rng.choice(row.codes) for _ in pair]
        units.append(
            Unit(
                project=project, case=case, criterion=row, at=now - timedelta(days=90 * number / {cases}), raters=pair,
                codes=codes, final=codes[0], settled=True, agreement=float(codes[0] == codes[1]),
            )
        )
    Unit.objects.bulk_create(units)
measure(project, version)
Following.objects.create(project=project, seen_until=now)
store = SessionStore()
store["_auth_user_id"] = str(lead.pk)
store["_auth_user_backend"] = settings.AUTHENTICATION_BACKENDS[0]
store["_auth_user_hash"] = lead.get_session_auth_hash()
store.create()
criterion = criteria_of(version.pk)[0].pk
print(json.dumps({{"session": store.session_key, "criterion": str(criterion), "person": str(people[0].pk)}}))
"""


@dataclass(frozen=True)
class Options:
    criteria: int
    people: int
    cases: int
    visits: int


def measures(options: Options) -> Iterator[Measure]:
    with product() as stack:
        workbench.say(f"Seeding {options.cases:,} cases …")
        seeded = stack.python(SEED.format(criteria=options.criteria, people=options.people, cases=options.cases))
        stack.start_process("web", "gunicorn", *programs.web_options(stack.port))
        stack.wait(stack.answers, "the web server")
        browser = Browser(stack.url, seeded["session"])
        for name, address in _pages(seeded).items():
            found = [browser.get(f"/p/bench/agreement/{address}") for _ in range(options.visits + 1)]
            yield from _told(name, found[1:])


def _pages(seeded: dict[str, str]) -> dict[str, str]:
    return {
        "criteria": "",
        "criteria, lowest first": "?order=lowest",
        "criteria, one person's": f"?person={seeded['person']}",
        "over time": "time/",
        "pairs": "pairs/",
        "leads and final": "final/",
        "cases behind a number": f"cases/?criterion={seeded['criterion']}",
    }


def _told(name: str, found: Sequence[Page]) -> Iterator[Measure]:
    if failed := [page.status for page in found if page.status != 200]:
        sys.exit(f"{name}: answered {failed}")
    took = round(1000 * statistics.median(page.seconds for page in found))
    size, nodes = len(found[0].text.encode()), len(ELEMENT.findall(found[0].text))
    yield Measure(f"{name}: server time", f"{took} ms", f"≤ {MILLISECONDS} ms", took <= MILLISECONDS)
    yield Measure(f"{name}: HTML", f"{size / 1024:.0f} KB", f"≤ {BYTES // 1024} KB", size <= BYTES)
    yield Measure(f"{name}: nodes", f"{nodes:,}", f"≤ {NODES:,}", nodes <= NODES)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.agreement_page", description=__doc__)
    parser.add_argument("--criteria", type=int, default=200, help="of the rubric (default 200)")
    parser.add_argument("--people", type=int, default=40, help="who judge by it (default 40)")
    parser.add_argument("--cases", type=int, default=300, help="judged by two people each (default 300)")
    parser.add_argument("--visits", type=int, default=5, help="of each page, after one not counted (default 5)")
    return tell(measures(Options(**vars(parser.parse_args(arguments)))))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
