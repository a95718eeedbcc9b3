"""What the workbench costs while annotators work without think time, and whether the queue stays exact.

`python -m bench.workbench` starts the web server as `./dev up` does, on a database of its own, and ends with 1 where a
budget is missed. Waits mean something on a machine that does nothing else; processor time does on any.
"""

import argparse
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

import psycopg

from bench import cases
from bench.annotators import NAME, REAP_SECONDS, Annotator, Diary, Orders
from bench.consumption import Meter, family
from bench.exactness import exactness, handed_out, starvation
from bench.measures import Measure, tell
from reviewapp.dev import backing, environment, programs
from reviewapp.dev.console import Console
from reviewapp.dev.places import Places
from reviewapp.dev.processes import Supervisor
from tests.stack import Stack

WAIT_MS, PROCESSOR_MS = 150, 40
FEW = 8  # annotators, without think time, whose waits are held to the budget
OVERLAP = 2
PROCESSES = 4
DRAINABLE = 20_000  # cases that can be worked off to the last
WARM_UP = 5  # cases for each annotator that are not measured
BACKENDS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name <> %s"
REAPER = (
    "import time\nfrom annotations.review.jobs import expire_leases\nwhile True: expire_leases(); time.sleep({seconds})"
)


@dataclass(frozen=True)
class Options:
    cases: int
    annotators: int
    seconds: int
    handouts: int
    autosaves: int
    chaos: bool
    plain: bool
    jobs: bool
    seed: int


@dataclass
class Shift:
    """What all annotators saw in one stretch of work, and what it took of the processors."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    took: float = 0.0
    clients: float = 0.0

    def add(self, diary: Diary) -> None:
        for what, waits in diary.seconds.items():
            self.seconds.setdefault(what, []).extend(waits)
        self.done.update(diary.done)
        self.refused.update(diary.refused)
        self.errors.extend(diary.errors)

    def add_all(self, other: "Shift") -> None:
        self.add(Diary(other.seconds, other.done, other.refused, other.errors))


def measures(options: Options) -> Iterator[Measure]:
    """Seed, warm up, work, and look at what came of it."""
    with product(options) as (stack, sessions):
        work(stack, sessions, options, "steady", limit=WARM_UP * options.annotators)
        database = psycopg.connect(stack.env["DATABASE_URL"], autocommit=True, application_name=NAME)
        began = handed_out(stack)
        web = Meter(lambda: family(stack.processes["web"].pid))
        postgres = Meter(lambda: [pid for (pid,) in database.execute(BACKENDS, [NAME])])
        with database, web, postgres:
            shift = work(stack, sessions, options, "chaos" if options.chaos else "steady", limit=options.handouts)
        few = options.annotators <= FEW
        yield from waits(shift, "submit", "autosave", *(["next"] if options.plain else []), held=few)
        yield from costs(shift, web=web.seconds, postgres=postgres.seconds, held=not options.chaos)
        if not options.chaos and not options.plain:
            shift.add_all(starts := work(stack, sessions, options, "detours"))
            yield from waits(starts, "next", held=few)
        yield Measure("hand-outs while measured", f"{handed_out(stack) - began:,}")
        if options.chaos:
            yield from acts(shift)
        yield errors(shift)
        yield from exactness(stack)
        if options.chaos and options.cases <= DRAINABLE:
            work(stack, sessions, options, "steady", limit=sys.maxsize)
            yield from starvation(stack, options.annotators)


@contextmanager
def product(options: Options) -> Iterator[tuple[Stack, list[str]]]:
    """The web server over seeded cases; all of it is gone afterwards."""
    places = Places.of()
    supervisor = Supervisor(Console(quiet=True))
    with (
        tempfile.TemporaryDirectory(prefix="reviewapp-bench-") as home,
        backing.running(places, supervisor) as settings,
    ):
        os.environ.update(environment.for_programs(places, settings))
        stack = Stack(Path(home))
        try:
            stack.prepare()
            say(f"Seeding {options.cases:,} cases …")
            head = min(options.cases, max(10_000, options.handouts))
            seeded = cases.seed(stack, cases=options.cases, head=head, overlap=OVERLAP, annotators=options.annotators)
            start(stack, options)
            yield stack, seeded.sessions
        finally:
            stack.stop()
            supervisor.stop_all()


def start(stack: Stack, options: Options) -> None:
    stack.start_process("web", "gunicorn", *programs.web_options(stack.port))
    if options.chaos:
        stack.start_process("reaper", "django", "shell", "--no-imports", "-c", REAPER.format(seconds=REAP_SECONDS))
    if options.jobs:
        stack.start_process("jobs", "celery", "-A", "reviewapp", "worker", "-Q", "default", "-P", "threads", "-c", "2")
        stack.start_process("beat", "celery", "-A", "reviewapp", "beat", "--pidfile=", "-l", "WARNING")
    stack.wait(stack.answers, "the web server")


# --- The annotators ----------------------------------------------------------
def work(stack: Stack, sessions: Sequence[str], options: Options, mood: str, *, limit: int = 0) -> Shift:
    """Let every annotator work, as threads of a few processes, until so many cases were taken or the time is over.

    Steady, they go on from a submit to the next case; with detours they also start from the queue; and there is chaos.
    """
    orders = Orders(
        url=stack.url,
        database=stack.env["DATABASE_URL"],
        queue=f"/p/{cases.SLUG}/queue/",
        following=f"/p/{cases.SLUG}/review/next/",
        autosaves=options.autosaves,
        detours=mood != "steady",
        chaos=mood == "chaos",
        plain=options.plain,
        seed=options.seed,
    )
    until = time.time() + options.seconds if not limit else sys.maxsize
    context = multiprocessing.get_context("spawn")
    limits = (context.Value("q", 0), limit or sys.maxsize, until)
    shares = [list(enumerate(sessions))[number::PROCESSES] for number in range(PROCESSES)]
    shift = Shift()
    with ProcessPoolExecutor(PROCESSES, mp_context=context, initializer=_share, initargs=limits) as pool:
        reports = list(pool.map(_team, [orders] * PROCESSES, shares))
    shift.took = max(report.ended for report in reports) - min(report.began for report in reports)
    for report in reports:
        shift.clients += report.processor
        for diary in report.diaries:
            shift.add(diary)
    return shift


@dataclass(frozen=True)
class Report:
    """What one process of annotators brings back."""

    diaries: list[Diary]
    began: float
    ended: float
    processor: float


_limits: list[Callable[[], bool]] = []


def _share(taken: "Synchronized[int]", limit: int, until: float) -> None:
    def goes_on() -> bool:
        with taken.get_lock():
            taken.value += 1
            return taken.value <= limit and time.time() < until

    _limits[:] = [goes_on]


def _team(orders: Orders, share: list[tuple[int, str]]) -> Report:
    annotators = [Annotator(orders, session, number) for number, session in share]
    began, spent = time.time(), time.process_time()
    with ThreadPoolExecutor(max(1, len(annotators))) as pool:
        diaries = list(pool.map(lambda annotator: annotator.work(_limits[0]), annotators))
    return Report(diaries, began, time.time(), time.process_time() - spent)


# --- The figures -------------------------------------------------------------
def waits(shift: Shift, *acts: str, held: bool) -> Iterator[Measure]:
    """Medians and 95th percentiles of what people wait for, which is held to a budget where they are few."""
    for what in acts:
        if len(found := shift.seconds.get(what, [])) < 2:
            continue
        median, p95 = statistics.median(found) * 1000, statistics.quantiles(found, n=20)[-1] * 1000
        is_held = held and what != "autosave"
        yield Measure(f"{what}: median", f"{median:.0f} ms")
        yield Measure(
            f"{what}: 95th percentile",
            f"{p95:.0f} ms",
            f"≤ {WAIT_MS} ms" if is_held else "",
            p95 <= WAIT_MS if is_held else None,
        )


def costs(shift: Shift, *, web: float, postgres: float, held: bool) -> Iterator[Measure]:
    """Processor time of a case from being handed out to its submission, and how many pass in a second.

    Chaos is not held to the budget: its other acts are counted to the submissions.
    """
    submitted = max(1, shift.done["submit"])
    requests = sum(shift.done.values())
    each = (web + postgres) * 1000 / submitted
    parts = f"{each:.1f} ms (web {web * 1000 / submitted:.1f}, Postgres {postgres * 1000 / submitted:.1f})"
    budget, holds = (f"≤ {PROCESSOR_MS} ms", each <= PROCESSOR_MS) if held else ("", None)
    yield Measure("processor for next and submit", parts, budget, holds)
    yield Measure("acts in a second", f"{requests / shift.took:.1f}")
    yield Measure("cases submitted in a second", f"{submitted / shift.took:.1f}")
    yield Measure("processor of the annotators themselves", f"{shift.clients * 1000 / submitted:.1f} ms")


def acts(shift: Shift) -> Iterator[Measure]:
    """What unruly annotators did, and what was refused."""
    for what, count in sorted(shift.done.items()):
        yield Measure(f"… {what}", f"{count:,}")
    for what, count in sorted(shift.refused.items()):
        yield Measure(f"… refused: {what}", f"{count:,}")


def errors(shift: Shift) -> Measure:
    for error in shift.errors[:5]:
        say(f"error: {error}")
    return Measure("errors", f"{len(shift.errors)}", "0", not shift.errors)


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.workbench", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="in the table (default 10000)")
    parser.add_argument("--annotators", type=int, default=8, help="who work at the same time (default 8)")
    parser.add_argument("--seconds", type=int, default=30, help="of measured work (default 30)")
    parser.add_argument("--handouts", type=int, default=0, help="work until so many cases were taken instead")
    parser.add_argument("--autosaves", type=int, default=0, help="of each case before it is submitted (default 0)")
    parser.add_argument("--chaos", action="store_true", help="double-submit, replay, abandon, race, undo and skip")
    parser.add_argument("--plain", action="store_true", help="without scripts: submitting and what follows are two")
    parser.add_argument("--jobs", action="store_true", help="with the background jobs beside it")
    parser.add_argument("--seed", type=int, default=1, help="of the annotators' choices (default 1)")
    options = Options(**vars(parser.parse_args(arguments)))
    return tell(measures(options))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
