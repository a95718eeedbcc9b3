"""Runs /app/prorate.py on files made here; charges are counted day by day."""

import os
import random
import secrets
import shutil
import subprocess
import tempfile
import unittest
from datetime import date, timedelta
from pathlib import Path

NOBODY = 65534


def days_of(month):
    day, days = date.fromisoformat(f"{month}-01"), []
    while f"{day:%Y-%m}" == month:
        days.append(day)
        day += timedelta(days=1)
    return days


def expected(month, plans, periods):
    days, sums = days_of(month), {}
    for customer, plan, first, last in periods:
        ran = sum(first <= day.isoformat() <= (last or "9999") for day in days)
        if ran:
            cents, rest = divmod(plans[plan] * ran, len(days))
            count, total = sums.get(customer, (0, 0))
            sums[customer] = count + 1, total + cents + (2 * rest >= len(days))
    return "customer,periods,cents\n" + "".join(f"{name},{count},{total}\n" for name, (count, total) in sorted(sums.items()))


class Proration(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(dir="/tmp"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.folder.chmod(0o755)

    def run_on(self, month, plans="plan,monthly_cents\n", periods="customer,plan,first_day,last_day\n"):
        paths = self.folder / "plans.csv", self.folder / "periods.csv"
        for path, text in zip(paths, (plans, periods), strict=True):
            path.write_text(text, encoding="utf-8")
        return self.run_files(month, *paths)

    def run_files(self, month, *paths):
        return subprocess.run(
            ["python3", "/app/prorate.py", "--month", month, *paths],
            capture_output=True,
            timeout=10,
            cwd="/",
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
        )

    def check(self, month, plans, *periods):
        plan_rows = "".join(f"{name},{cents}\n" for name, cents in plans.items())
        period_rows = "".join(",".join(period) + "\n" for period in periods)
        done = self.run_on(month, "plan,monthly_cents\n" + plan_rows, "customer,plan,first_day,last_day\n" + period_rows)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.decode(), expected(month, plans, periods))

    def test_whole_months_and_their_edges(self):
        self.check(
            "2025-02",
            {"p": 2800},
            ("a", "p", "2025-02-01", "2025-02-28"),
            ("b", "p", "2024-01-01", ""),
            ("c", "p", "2025-02-28", ""),
            ("d", "p", "2025-01-01", "2025-02-01"),
            ("e", "p", "2025-03-01", ""),
            ("f", "p", "2024-01-01", "2025-01-31"),
        )

    def test_leap_days(self):
        self.check("2024-02", {"p": 2900}, ("a", "p", "2024-02-29", ""), ("b", "p", "2024-02-10", "2024-02-28"))

    def test_half_a_cent_goes_up(self):
        self.check("2025-06", {f"p{n}": n for n in range(40)}, *[(f"c{n:02}", f"p{n}", "2025-06-16", "") for n in range(40)])

    def test_each_period_is_rounded_by_itself(self):
        self.check(
            "2025-04",
            {"p": 1, "q": 100},
            *[("a", "p", "2025-04-10", "2025-04-25")] * 3,
            ("a", "q", "2025-04-01", "2025-04-07"),
            ("b", "p", "2025-04-30", ""),
        )

    def test_amounts_of_any_size(self):
        self.check(
            "2025-01",
            {"p": 9007199254740993, "q": 10**30 + 7},
            ("a", "p", "2025-01-02", ""),
            ("ä", "q", "2025-01-30", ""),
            ("Z", "p", "2025-01-01", ""),
        )

    def test_no_periods(self):
        self.check("2025-01", {})

    def test_errors(self):
        for month in ("2025-13", "2025-00", "2025-1", "25-01", "2025-01-01", "x"):
            with self.subTest(month):
                done = self.run_on(month)
                self.assertEqual((done.returncode, done.stdout), (2, b""))
        done = self.run_files("2025-01", self.folder / "none.csv", self.folder / "none.csv")
        self.assertEqual((done.returncode, done.stdout), (2, b""))

    def test_random_months(self):
        seed = secrets.randbits(32)
        print("seed", seed)
        dice = random.Random(seed)
        for _ in range(8):
            month = f"{dice.randint(2000, 2050)}-{dice.randint(1, 12):02}"
            plans = {f"plan{n}": dice.randint(0, 30000) for n in range(5)}
            with self.subTest(seed=seed):
                self.check(month, plans, *[self.period(dice, month) for _ in range(dice.randint(1, 200))])

    def period(self, dice, month):
        first = date.fromisoformat(f"{month}-01") + timedelta(days=dice.randint(-40, 35))
        last = "" if dice.random() < 0.3 else (first + timedelta(days=dice.randint(0, 40))).isoformat()
        return f"C-{dice.randint(1, 99)}", f"plan{dice.randint(0, 4)}", first.isoformat(), last


if __name__ == "__main__":
    unittest.main()
