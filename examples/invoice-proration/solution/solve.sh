#!/bin/sh
set -eu
cat > /app/prorate.py <<'PY'
"""Prorate subscription charges for one calendar month."""

import argparse
import calendar
import csv
import re
import sys
from collections import defaultdict
from datetime import date
from fractions import Fraction


def month(text):
    """First and last day of a month written as YYYY-MM."""
    if not re.fullmatch("[0-9]{4}-[0-9]{2}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a month")
    first = date.fromisoformat(f"{text}-01")
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])


def days_inside(period, first, last):
    begin = max(first, date.fromisoformat(period["first_day"]))
    end = min(last, date.fromisoformat(period["last_day"])) if period["last_day"] else last
    return max(0, (end - begin).days + 1)


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--month", type=month, required=True)
    parser.add_argument("plans")
    parser.add_argument("periods")
    args = parser.parse_args()
    first, last = args.month
    try:
        prices = {plan["plan"]: int(plan["monthly_cents"]) for plan in read(args.plans)}
        periods = read(args.periods)
    except OSError as problem:
        parser.error(str(problem))
    charges = defaultdict(list)
    for period in periods:
        days = days_inside(period, first, last)
        if days:
            charges[period["customer"]].append(round(Fraction(prices[period["plan"]] * days, last.day)))
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["customer", "periods", "cents"])
    out.writerows([customer, len(cents), sum(cents)] for customer, cents in sorted(charges.items()))


if __name__ == "__main__":
    main()
PY
python3 /app/prorate.py --month 2025-02 /data/plans.csv /data/periods.csv
