#!/bin/sh
set -eu
cat > /app/report.py <<'PY'
"""Distinct visitors per page and ISO week from a repeating event stream."""

import json
import re
import sys
from collections import Counter
from datetime import UTC, datetime


def first_of_each_id(lines):
    events = {}
    for line in lines:
        if line.strip():
            event = json.loads(line)
            events.setdefault(event["id"], event)
    return events.values()


def week(at):
    year, number, _ = datetime.fromisoformat(at).astimezone(UTC).isocalendar()
    return f"{year}-W{number:02}"


def page(url):
    return re.split("[?#]", url, maxsplit=1)[0].rstrip("/") or "/"


def main(path):
    with open(path, encoding="utf-8") as file:
        visits = {(week(e["at"]), page(e["url"]), e["visitor"]) for e in first_of_each_id(file) if e.get("bot") is not True}
    visitors = Counter((week, page) for week, page, _ in visits)
    print("week,page,visitors")
    for (week_, page_), count in sorted(visitors.items(), key=lambda item: (item[0][0], -item[1])):
        print(week_, page_, count, sep=",")


if __name__ == "__main__":
    main(sys.argv[1])
PY
python3 /app/report.py /data/events.jsonl
