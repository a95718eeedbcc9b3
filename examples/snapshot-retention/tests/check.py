"""Runs /app/rotate.py on directories made here and compares with the contract in the instruction."""

import os
import random
import secrets
import shutil
import subprocess
import tempfile
import unittest
from datetime import datetime, timedelta

NOBODY = 65534


def run(*args):
    return subprocess.run(
        ["python3", "/app/rotate.py", *args],
        capture_output=True,
        text=True,
        timeout=10,
        cwd="/",
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        env={"PATH": os.environ["PATH"], "TZ": "America/New_York"},
    )


def wanted(series, daily, weekly, monthly):
    """Names to delete. `series` maps (host, time) to pinned; every rule is applied to each snapshot in turn."""
    doomed = []
    for (host, time), pinned in series.items():
        peers = [t for h, t in series if h == host]
        rules = [
            (daily, lambda t: t.toordinal()),
            (weekly, lambda t: t.toordinal() - t.weekday()),
            (monthly, lambda t: t.year * 12 + t.month),
        ]
        kept = pinned or time == max(peers)
        for count, slot in rules:
            newest = time == max(t for t in peers if slot(t) == slot(time))
            newer_slots = {slot(t) for t in peers if slot(t) > slot(time)}
            kept = kept or (newest and len(newer_slots) < count)
        if not kept:
            doomed.append((time, name_of(host, time)))
    return [name for _, name in sorted(doomed)]


def name_of(host, time):
    return f"{host}_{time:%Y-%m-%dT%H%M%SZ}"


def listing(directory):
    return sorted((entry.name, entry.is_dir()) for entry in os.scandir(directory))


class Rotation(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        self.directory = tempfile.mkdtemp(dir="/tmp")
        self.addCleanup(shutil.rmtree, self.directory)
        os.chmod(self.directory, 0o755)

    def make(self, *names):
        for name in names:
            os.makedirs(os.path.join(self.directory, name), exist_ok=True)

    def check(self, expected, *args):
        before = listing(self.directory)
        done = run(*args, self.directory)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, "".join(f"{name}\n" for name in expected))
        self.assertEqual(listing(self.directory), before, "the directory was changed")

    def counts(self, daily, weekly, monthly):
        return f"--daily={daily}", f"--weekly={weekly}", f"--monthly={monthly}"

    def test_an_iso_week_that_spans_new_year_is_one_week(self):
        self.make("a_2024-12-29T000000Z", "a_2024-12-30T000000Z", "a_2025-01-02T000000Z")
        self.check(["a_2024-12-30T000000Z"], *self.counts(0, 2, 0))

    def test_hosts_with_a_common_beginning_are_separate(self):
        self.make("db_main_2025-01-01T000000Z", "db_replica_2025-01-02T000000Z", "db_2025-01-03T000000Z")
        self.check([], *self.counts(1, 0, 0))

    def test_a_pause_in_the_backups_costs_nothing(self):
        self.make("a_2019-03-01T000000Z", "a_2019-03-02T000000Z", "a_2019-03-03T000000Z")
        self.check(["a_2019-03-01T000000Z"], *self.counts(2, 0, 0))

    def test_the_newest_of_a_day_stays(self):
        self.make("a_2025-05-05T010000Z", "a_2025-05-05T235959Z", "a_2025-05-06T000000Z")
        self.check(["a_2025-05-05T010000Z"], *self.counts(7, 0, 0))

    def test_the_last_snapshot_of_a_host_stays_with_all_counts_zero(self):
        self.make("a_2025-05-05T010000Z", "a_2025-05-04T010000Z", "b_2001-01-01T010000Z")
        self.check(["a_2025-05-04T010000Z"], *self.counts(0, 0, 0))

    def test_a_pin_keeps_a_snapshot_and_uses_up_its_place(self):
        self.make("a_2025-05-01T000000Z", "a_2025-05-02T000000Z/KEEP", "a_2025-05-03T000000Z", "a_2025-04-01T000000Z/KEEP")
        self.check(["a_2025-05-01T000000Z"], *self.counts(2, 0, 0))

    def test_other_entries_are_left_alone(self):
        self.make(
            "a_2025-05-03T000000Z",
            "a_2025-05-01T000000Z",
            "a_2025-05-01T000000Z.partial",
            "a_2025-02-30T000000Z",
            "x.a_2025-05-01T000000Z-old",
            "a_2025-05-01T250000Z",
            "a_2025-05-01T000060Z",
            "_2025-05-01T000000",
            "A_2025-05-01T000000Z",
            "a_2025-05-01T000000Z\n",
            "a_0999-05-01T000000Z",
            "_2024-05-01T000000Z",
            "a_٢٠٢٥-05-01T000000Z",
            "lost+found",
        )
        with open(os.path.join(self.directory, "a_2025-04-02T000000Z"), "w"):
            pass
        os.symlink("/tmp", os.path.join(self.directory, "a_2025-04-03T000000Z"))
        self.check(["a_2025-05-01T000000Z"], *self.counts(1, 0, 0))

    def test_equal_stamps_come_in_order_of_the_name(self):
        old, new = "2025-05-01T000000Z", "2025-06-01T000000Z"
        hosts = ["b", "a", "a-1", "a.1", "a_1"]
        self.make(*[f"{host}_{stamp}" for host in hosts for stamp in (old, new)])
        self.check(sorted(f"{host}_{old}" for host in hosts), *self.counts(0, 0, 0))

    def test_the_counts_default_to_7_4_and_12(self):
        start = datetime(2024, 2, 28, 3)
        series = {("nas", start - timedelta(days=d)): False for d in range(500)}
        self.make(*[name_of(*key) for key in series])
        self.check(wanted(series, 7, 4, 12))

    def test_an_empty_directory_gives_no_output(self):
        self.check([])

    def test_errors_exit_with_2_and_print_nothing(self):
        self.make("a_2025-05-03T000000Z", "a_2025-05-01T000000Z")
        plain = os.path.join(self.directory, "plain")
        with open(plain, "w"):
            pass
        for args in (
            ["--daily=-1", self.directory],
            ["--weekly=1.5", self.directory],
            ["--monthly=x", self.directory],
            [self.directory + "-missing"],
            [plain],
        ):
            with self.subTest(args=args):
                done = run(*args)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertTrue(done.stderr.strip())

    def test_random_directories(self):
        seed = secrets.randbits(32)
        print("seed", seed)
        dice = random.Random(seed)
        for _ in range(25):
            with self.subTest(seed=seed):
                self.one_random_directory(dice)

    def one_random_directory(self, dice):
        shutil.rmtree(self.directory)
        os.mkdir(self.directory)
        os.chmod(self.directory, 0o755)
        hosts = dice.sample(["db", "db_main", "db_main_2", "web-1", "web.1", "2024-01-01"], dice.randint(1, 4))
        end = datetime(dice.randint(1995, 2040), 1, 4) + timedelta(days=dice.choice([0, 0, dice.randint(0, 365)]))
        series = {}
        for _ in range(dice.randint(5, 120)):
            time = end - timedelta(days=int(dice.expovariate(1 / 40)), seconds=dice.randint(0, 86399))
            series[dice.choice(hosts), time] = dice.random() < 0.05
        for key, pinned in series.items():
            self.make(name_of(*key) + ("/KEEP" if pinned else ""))
        numbers = dice.randint(0, 9), dice.randint(0, 9), dice.randint(0, 9)
        self.check(wanted(series, *numbers), *self.counts(*numbers))


if __name__ == "__main__":
    unittest.main()
