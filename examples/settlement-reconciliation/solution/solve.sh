#!/bin/sh
set -eu
cat > /app/reconcile.py <<'PY'
"""Reconcile a shop's orders with a payment provider's settlement file."""

import argparse
import csv
import json
import re
import sys
from collections import defaultdict

DECIMALS = dict.fromkeys(["JPY", "KRW", "CLP", "ISK", "VND"], 0) | dict.fromkeys(["BHD", "KWD", "OMR", "TND"], 3)
SIGN = {"charge": 1, "refund": -1}


def rows(path, encoding, delimiter, columns):
    """Rows as dicts of stripped values; ValueError if a column is missing."""
    with open(path, encoding=encoding, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        heading = [name.strip() for name in next(reader, [])]
        missing = columns - set(heading)
        if missing:
            raise ValueError(f"{path}: no column {', '.join(sorted(missing))}")
        return [dict(zip(heading, map(str.strip, row))) for row in reader if any(map(str.strip, row))]


def minor_units(text, currency):
    """A number with `.` before its decimals, in the currency's smallest unit."""
    whole, _, decimals = text.partition(".")
    return int(whole + decimals.ljust(DECIMALS.get(currency, 2), "0"))


def number_of(reference):
    """The order's number that a reference means, or None."""
    found = re.fullmatch("so([0-9]+)", re.sub(r"[\s_/#-]", "", reference), re.IGNORECASE | re.ASCII)
    return int(found[1]) if found else None


def read_orders(path):
    orders = {}
    for row in rows(path, "utf-8", ",", {"order_id", "placed_at", "currency", "total", "status", "note"}):
        if row["status"] != "test":
            paid = row["status"] == "paid"
            expected = minor_units(row["total"], row["currency"]) if paid else 0
            orders[number_of(row["order_id"])] = {"order_id": row["order_id"], "currency": row["currency"], "expected": expected}
    return orders


def read_lines(path):
    seen = set()
    for row in rows(path, "cp1252", ";", {"Reference", "Type", "Amount", "Currency", "Transaction"}):
        kind, currency = row["Type"].lower(), row["Currency"].upper()
        repeated = row["Transaction"] in seen
        seen.add(row["Transaction"])
        if kind in SIGN and not repeated:
            amount = minor_units(row["Amount"].lstrip("+-").strip().replace(".", "").replace(",", "."), currency)
            yield {"transaction": row["Transaction"], "reference": row["Reference"], "type": kind,
                   "currency": currency, "amount": SIGN[kind] * amount}


def settle(order, lines):
    settled = sum(line["amount"] for line in lines if line["currency"] == order["currency"])
    difference = settled - order["expected"]
    if any(line["currency"] != order["currency"] for line in lines):
        state = "wrong_currency"
    elif not lines and order["expected"] > 0:
        state = "missing"
    else:
        state = "short" if difference < 0 else "over" if difference > 0 else "ok"
    return order | {"settled": settled, "difference": difference, "state": state}


def reconcile(orders, lines):
    of_order, unexpected = defaultdict(list), []
    for line in lines:
        number = number_of(line["reference"])
        (of_order[number] if number in orders else unexpected).append(line)
    settled = [settle(orders[number], of_order[number]) for number in sorted(orders)]
    totals = defaultdict(lambda: {"expected": 0, "settled": 0, "unexpected": 0})
    for order in settled:
        totals[order["currency"]]["expected"] += order["expected"]
        totals[order["currency"]]["settled"] += order["settled"]
    for line in unexpected:
        totals[line["currency"]]["unexpected"] += line["amount"]
    return {"orders": settled, "unexpected": unexpected, "totals": totals}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ("--orders", "--settlement", "--out"):
        parser.add_argument(option, required=True)
    args = parser.parse_args()
    try:
        result = reconcile(read_orders(args.orders), list(read_lines(args.settlement)))
    except (OSError, ValueError) as problem:
        sys.exit(f"reconcile: {problem}")
    with open(args.out, "w", encoding="utf-8") as file:
        json.dump(result, file, ensure_ascii=False, indent=2)


if __name__ == "__main__":
    main()
PY
python3 /app/reconcile.py --orders /data/orders.csv --settlement /data/settlement.csv --out /tmp/result.json
cat /tmp/result.json
