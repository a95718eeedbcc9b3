"""What the harness costs: over a bare container, for a whole run, through the queue, and in a worker's memory.

`python -m bench.harness` measures all of it in one run and prints a table; it ends with 1 where a budget is missed.
Budgets hold on a machine that does nothing else.
"""

import argparse
import gc
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import small
from bench.measures import Measure, median_seconds, tell
from harness.attempts.attempt import ORACLE, make_attempt
from harness.bundle import Bundle, load
from harness.engine import Engine
from harness.plan import Plan
from harness.results import CheckOutcome, Outcome
from harness.run import run_checks
from harness.workbench import Workbench

ROOT = Path(__file__).parents[1]
SOUND = "snapshot-retention"
TIMES = 7
OVERHEAD_SECONDS, OVERHEAD_RATIO = 0.4, 1.25
RUN_SECONDS = 60
SPEED_UP = 1.7
GROWTH_MIB = 8
MIB = 1024 * 1024
TASKS, WORKERS = 20, (1, 2, 4)


@dataclass(frozen=True)
class Options:
    times: int
    trials: int
    tasks: int


def overhead(options: Options) -> Iterator[Measure]:
    """(a) a bare container that does the same work, (b) one attempt of the reference solution through the harness."""
    for work, name in ((1.0, "a task of 1 s"), (5.0, "a task of 5 s")):
        times = options.times if work < 2 else max(3, options.times // 2)
        with _prepared(work) as (bench, bundle):
            floor = median_seconds(partial(_bare, bench, work), times)
            through = median_seconds(partial(_attempt, bench, bundle), times)
        yield Measure(f"(a) a bare container, {name}", f"{floor:.2f} s")
        value = f"{through:.2f} s (+{through - floor:.2f} s, ×{through / floor:.2f})"
        if work < 2:
            holds, budget = through - floor <= OVERHEAD_SECONDS, f"+{OVERHEAD_SECONDS} s"
        else:
            holds, budget = through / floor <= OVERHEAD_RATIO, f"×{OVERHEAD_RATIO}"
        yield Measure(f"(b) an attempt, {name}", value, f"≤ {budget}", holds)


def whole_run(options: Options) -> Iterator[Measure]:
    """(c) every check over a small sound task, with the default policy."""
    outcomes: list[CheckOutcome] = []
    began = time.perf_counter()
    run_checks(
        load(ROOT / "examples" / SOUND),
        engine=Engine.connect(),
        plan=Plan(),
        labels=_labels(),
        cancelled=lambda: False,
        on_start=lambda key: None,
        on_result=outcomes.append,
        at_once=2,
    )
    took = time.perf_counter() - began
    slowest = sorted(outcomes, key=lambda each: each.started_at - each.finished_at)[:3]
    told = ", ".join(f"{each.key} {(each.finished_at - each.started_at).total_seconds():.1f} s" for each in slowest)
    yield Measure(
        f"(c) {len(outcomes)} checks over {SOUND}", f"{took:.1f} s", f"≤ {RUN_SECONDS} s", took <= RUN_SECONDS
    )
    yield Measure("… of which the slowest", told)
    if bad := [each.key for each in outcomes if each.outcome in (Outcome.FAILED, Outcome.ERROR)]:
        yield Measure("… and came out as sound", f"not: {', '.join(bad)}", "sound", False)


def through_the_queue(options: Options) -> Iterator[Measure]:
    """(d) tasks through the product's queue, with more and more workers.

    Of short tasks an engine on two processors is busy with making and removing containers, whoever asks for them; so
    the budget is one for tasks that work for a while.
    """
    from bench import queue  # what it brings is of use to this measure only

    with queue.product() as stack:
        for work, workers in ((0.5, WORKERS[:2]), (5.0, WORKERS)):
            alone = 0.0
            for count in workers:
                took = queue.seconds(stack, tasks=options.tasks, workers=count, work=work)
                alone = alone or took
                held = count == 2 and work > 1
                yield Measure(
                    f"(d) {options.tasks} tasks of {work:g} s, {count} {'worker' if count == 1 else 'workers'}",
                    f"{took:.1f} s (×{alone / took:.2f})",
                    f"≥ ×{SPEED_UP}" if held else "",
                    alone / took >= SPEED_UP if held else None,
                )


def memory(options: Options) -> Iterator[Measure]:
    """(e) a process's memory over many attempts, after the first tenth."""
    with _prepared(0.0) as (bench, bundle):
        warm = max(1, options.trials // 10)
        for _ in range(warm):
            _attempt(bench, bundle)
        start = _resident()
        for _ in range(options.trials - warm):
            _attempt(bench, bundle)
        end = _resident()
    grown = (end - start) / MIB
    value = f"{start / MIB:.1f} → {end / MIB:.1f} MiB ({grown:+.1f})"
    yield Measure(f"(e) memory over {options.trials} attempts", value, f"≤ +{GROWTH_MIB} MiB", grown <= GROWTH_MIB)


MEASURES: dict[str, Callable[[Options], Iterator[Measure]]] = {
    "overhead": overhead,
    "run": whole_run,
    "queue": through_the_queue,
    "memory": memory,
}


def _bare(bench: Workbench, work: float) -> None:
    """What `docker run --rm` does: create, start, wait, remove; the work and the test as one command."""
    command = f"{small.WORK.format(seconds=work)}; test -s /app/result.txt"
    client = bench.engine.client
    container = client.containers.create(
        str(bench.image_digest), ["sh", "-c", command], network_mode="none", labels=dict(bench.labels), mem_limit="256m"
    )
    try:
        container.start()
        if container.wait()["StatusCode"] != 0:
            raise RuntimeError("the bare container failed")
    finally:
        container.remove(force=True, v=True)


def _attempt(bench: Workbench, bundle: Bundle) -> None:
    attempt = make_attempt(
        bundle,
        bench.engine,
        places=bench.prepared,
        network="none",
        labels=bench.labels,
        cancelled=lambda: False,
        act=ORACLE,
    )
    if not attempt.reward.is_full:
        raise RuntimeError(f"the reference solution earned {attempt.reward}")


@contextmanager
def _prepared(work: float) -> Iterator[tuple[Workbench, Bundle]]:
    """A built task whose reference solution takes so many seconds."""
    with tempfile.TemporaryDirectory(prefix="reviewapp-bench-") as folder:
        bundle = small.write(Path(folder) / "task", seconds=work)
        engine = Engine.connect()
        bench = Workbench(bundle, engine, Plan(), _labels(), lambda: False)
        bench.build()
        try:
            yield bench, bundle
        finally:
            engine.sweep(bench.labels)


def _labels() -> dict[str, str]:
    return {"reviewapp.bench": uuid.uuid4().hex}


def _resident() -> int:
    """This process's memory in bytes."""
    gc.collect()
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.harness", description=__doc__)
    parser.add_argument("measures", nargs="*", metavar="MEASURE", help=f"of {', '.join(MEASURES)}; all unless named")
    parser.add_argument("--times", type=int, default=TIMES, help=f"repeats of a short measure (default {TIMES})")
    parser.add_argument("--trials", type=int, default=200, help="attempts over which memory is watched (default 200)")
    parser.add_argument("--tasks", type=int, default=TASKS, help=f"tasks in the queue (default {TASKS})")
    options = parser.parse_args(arguments)
    if unknown := set(options.measures) - set(MEASURES):
        parser.error(f"no such measure: {', '.join(sorted(unknown))}")
    given = Options(options.times, options.trials, options.tasks)
    return tell(measure for name in options.measures or MEASURES for measure in MEASURES[name](given))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
