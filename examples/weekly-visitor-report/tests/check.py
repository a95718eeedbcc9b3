"""Makes four months of events, runs /app/report.py on each, and writes the share of right reports to the given file."""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

NOBODY = 65534
MONDAYS = [datetime(2024, 12, 23), datetime(2020, 12, 21), datetime(2025, 3, 3), datetime(2026, 12, 21)]
URLS = {
    "/": ["/", "/?utm=mail", "/#top", "//"],
    "/guides/pruning": ["/guides/pruning", "/guides/pruning/", "/guides/pruning?x=/a#b"],
    "/shop": ["/shop", "/shop#new?x", "/shop///"],
    "/Guides": ["/Guides/"],
    "/événements": ["/événements"],
}


def visit(dice, start, page, visitor):
    happened = start + timedelta(minutes=dice.randint(0, 7 * 1440 - 1))
    zone = timezone(timedelta(minutes=dice.choice([0, 60, -300, 330])))
    at = happened.replace(tzinfo=UTC).astimezone(zone).isoformat()
    return {"at": at.replace("+00:00", "Z"), "visitor": visitor, "url": dice.choice(URLS[page])}


def month(dice, monday):
    """Events and report of four weeks. In one of the weeks two pages have the same number of visitors."""
    events, report = [], []
    tied = dice.randrange(4)
    for number in range(4):
        start = monday + timedelta(weeks=number)
        sizes = dict(zip(URLS, dice.sample(range(3, 40), len(URLS)), strict=True))
        if number == tied:
            one, other = dice.sample(sorted(URLS), 2)
            sizes[one] = sizes[other]
        for page, size in sizes.items():
            visits = [visit(dice, start, page, f"v{n}") for n in range(size)]
            events += visits + [visit(dice, start, page, f"v{dice.randrange(size)}") for _ in range(size // 2)]
        year, week, _ = start.isocalendar()
        ranking = sorted(sizes, key=lambda page: (-sizes[page], page))
        report += [f"{year}-W{week:02},{page},{sizes[page]}\n" for page in ranking]
    return events, "week,page,visitors\n" + "".join(report)


def stream(dice, events):
    """The events in any order, with ids, bots and repetitions that say something else."""
    bots = [dict(dice.choice(events), visitor=f"bot{n}", bot=True) for n in range(20)]
    mixed = [dict(event, bot=False) if dice.random() < 0.1 else event for event in events] + bots
    dice.shuffle(mixed)
    lines = [dict(event, id=f"e-{number}") for number, event in enumerate(mixed)]
    for number in range(len(lines) // 5):
        again = dict(dice.choice(lines[: len(lines) // 2]), visitor=f"again{number}", url="/guides/pruning")
        again.pop("bot", None)
        lines.insert(dice.randint(len(lines) // 2 + number, len(lines)), again)
    return "\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + "\n\n"


def is_right(folder, number, dice, monday):
    events, wanted = month(dice, monday)
    path = folder / f"events-{number}.jsonl"
    path.write_text(stream(dice, events), encoding="utf-8")
    try:
        done = subprocess.run(
            ["python3", "/app/report.py", path],
            capture_output=True,
            timeout=10,
            cwd="/",
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
        )
    except subprocess.TimeoutExpired:
        print(f"file {number}: no answer within 10 s")
        return False
    found = done.stdout.decode(errors="replace")
    right = done.returncode == 0 and found == wanted
    print(f"file {number}: {'right' if right else 'wrong'}")
    if not right:
        print(f"--- got\n{found[:2000]}--- expected\n{wanted}--- standard error\n{done.stderr.decode(errors='replace')[-1000:]}")
    return right


def main(reward):
    dice = random.Random(20250303)
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    right = [is_right(folder, number, dice, monday) for number, monday in enumerate(MONDAYS, 1)]
    shutil.rmtree(folder)
    Path(reward).write_text(f"{sum(right) / len(right)}\n")


if __name__ == "__main__":
    main(sys.argv[1])
