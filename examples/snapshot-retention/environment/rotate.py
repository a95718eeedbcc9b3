"""Print the names of the snapshots in a directory that may be deleted."""

import argparse
import os
import re
from collections import defaultdict
from datetime import datetime, timedelta

NAME = re.compile(r"([a-z0-9.-]+)_.*?(\d{4}-\d{2}-\d{2}T\d{6}Z)")


def read(directory):
    """Snapshots by host, as (time, name)."""
    hosts = defaultdict(list)
    for name in os.listdir(directory):
        found = NAME.match(name)
        if found:
            host, stamp = found.groups()
            hosts[host].append((datetime.strptime(stamp, "%Y-%m-%dT%H%M%SZ"), name))
    return hosts


def buckets(snapshots, pattern, since):
    """The snapshot to keep of each day, week or month since a date."""
    kept = {}
    for time, name in snapshots:
        if time >= since:
            kept.setdefault(time.strftime(pattern), name)
    return set(kept.values())


def expired(snapshots, args):
    now = datetime.now()
    snapshots.sort()
    keep = buckets(snapshots, "%Y-%m-%d", now - timedelta(days=args.daily))
    keep |= buckets(snapshots, "%Y-%W", now - timedelta(weeks=args.weekly))
    keep |= buckets(snapshots, "%Y-%m", now - timedelta(days=30 * args.monthly))
    return [name for _, name in snapshots if name not in keep]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--daily", type=int, default=7)
    parser.add_argument("--weekly", type=int, default=4)
    parser.add_argument("--monthly", type=int, default=12)
    parser.add_argument("directory")
    args = parser.parse_args()
    for snapshots in read(args.directory).values():
        for name in expired(snapshots, args):
            print(name)


if __name__ == "__main__":
    main()
