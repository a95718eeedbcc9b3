#!/bin/sh
# Rewrites the tool to the contract: ISO weeks, one series per whole host name, slots counted by
# the days, weeks and months that have a snapshot instead of back from today.
set -eu
cat > /app/rotate.py <<'PY'
"""Print the names of the snapshots in a directory that may be deleted."""

import argparse
import os
import re
from collections import defaultdict
from datetime import datetime

NAME = re.compile(r"([a-z0-9._-]+)_([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{6}Z)")


def parse(name):
    """Host and time of a snapshot's name, or None for anything else."""
    found = NAME.fullmatch(name)
    if not found:
        return None
    try:
        time = datetime.strptime(found[2], "%Y-%m-%dT%H%M%SZ")
    except ValueError:
        return None
    # strptime takes :60 as a leap second in some versions; a round trip refuses it everywhere.
    exact = time.strftime("%Y-%m-%dT%H%M%SZ") == found[2]
    return (found[1], time) if exact and time.year >= 1900 else None


def read(directory):
    """Snapshots by host, each (time, name, pinned), newest first."""
    hosts = defaultdict(list)
    with os.scandir(directory) as entries:
        for entry in entries:
            parsed = parse(entry.name)
            if parsed and entry.is_dir(follow_symlinks=False):
                pinned = os.path.lexists(os.path.join(entry.path, "KEEP"))
                hosts[parsed[0]].append((parsed[1], entry.name, pinned))
    for snapshots in hosts.values():
        snapshots.sort(reverse=True)
    return hosts


def newest_of_each(snapshots, slot, count):
    """Names of the newest snapshot in each of the newest `count` slots."""
    kept = {}
    for time, name, _ in snapshots:
        kept.setdefault(slot(time), name)
    return set(list(kept.values())[:count])


def expired(snapshots, args):
    keep = {snapshots[0][1]} | {name for _, name, pinned in snapshots if pinned}
    keep |= newest_of_each(snapshots, lambda t: t.date(), args.daily)
    keep |= newest_of_each(snapshots, lambda t: t.isocalendar()[:2], args.weekly)
    keep |= newest_of_each(snapshots, lambda t: (t.year, t.month), args.monthly)
    return [(time, name) for time, name, _ in snapshots if name not in keep]


def count(text):
    if not re.fullmatch("[0-9]+", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 0 or more")
    return int(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--daily", type=count, default=7)
    parser.add_argument("--weekly", type=count, default=4)
    parser.add_argument("--monthly", type=count, default=12)
    parser.add_argument("directory")
    args = parser.parse_args()
    try:
        hosts = read(args.directory)
    except OSError as problem:
        parser.error(str(problem))
    for _, name in sorted(line for snapshots in hosts.values() for line in expired(snapshots, args)):
        print(name)


if __name__ == "__main__":
    main()
PY
python3 /app/rotate.py --daily 1 --weekly 2 --monthly 1 /data/snapshots
