"""Repairs ledgers made here with /app/repair.sql and compares every table, then the report, with plain Python."""

import csv
import io
import os
import random
import secrets
import shutil
import sqlite3
import subprocess
import tempfile
import unittest
from contextlib import closing
from pathlib import Path

HERE = Path(__file__).parent
NOBODY = 65534
SITES = [(1, "AMS"), (2, "gdn"), (3, "LYS"), (7, "Älv")]
ITEMS = [(f"ART-{n}", "pcs") for n in range(8)] + [("BOLT-M8-40", "pcs"), ("GLÜ-5", "kg")]
ALIASES = [("B0", "B1"), ("B1", "B2"), ("B2", "B3"), ("B3", "BOLT-M8-40"), ("OLD", "ART-3"), ("LOST", "NOWHERE")]
ALIASES += [(f"L{n}", f"L{n + 1}") for n in range(30)] + [("L30", "ART-5")]
SKUS = [sku for sku, _ in ITEMS] * 4 + ["b0", "B2 ", " Old", "lost", "L0", "art-1", "  ART-2  ", "GHOST", "ART 1", "glü-5", "GLÜ-5 "]
KINDS = ["receipt", "issue", "transfer_in", "transfer_out", "count"]
REFS = [None, None, "", "   ", "ams-1", "AMS-1", " Ams-1 ", "ä-9", "Ä-9", "x y", "xy", "0", "00"]
UPPER = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def folded(text):
    return text.translate(UPPER).strip(" ")


def repaired(movements):
    """The movements and quarantine rows that the instruction asks for."""
    sites, items, aliases = {id for id, _ in SITES}, {sku for sku, _ in ITEMS}, dict(ALIASES)
    seen, kept, quarantine = set(), [], []
    for id, sku, site, kind, qty, at, ref in sorted(movements):
        key = folded(ref or "")
        if key and key in seen:
            continue
        seen.add(key)
        sku = folded(sku)
        while sku in aliases:
            sku = aliases[sku]
        if kind != "count":
            qty = abs(qty) * (-1 if kind in ("issue", "transfer_out") else 1)
        at = at if "T" in at else at.replace(" ", "T") + "Z"
        reasons = {
            "unknown sku": sku not in items,
            "unknown site": site not in sites,
            "zero quantity": kind != "count" and qty == 0,
            "negative count": kind == "count" and qty < 0,
        }
        reason = next((name for name, applies in reasons.items() if applies), None)
        if reason:
            quarantine.append((id, reason))
        else:
            kept.append((id, sku, site, kind, qty, at, ref))
    return kept, quarantine


def report(movements):
    """Rows of the report, by walking each shelf's history."""
    shelves = {}
    codes = dict(SITES)
    for _id, sku, site, kind, qty, at, _ in sorted(movements, key=lambda row: (row[5], row[0])):
        stock, counted, _ = shelves.get((codes[site], sku), (0, "no", ""))
        shelves[codes[site], sku] = (qty, "yes", at) if kind == "count" else (stock + qty, counted, at)
    return [(*shelf, *shelves[shelf]) for shelf in sorted(shelves)]


class Ledger(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(dir="/tmp"))
        self.addCleanup(shutil.rmtree, self.folder)
        shutil.copy(HERE / "run_sql.py", self.folder)
        os.chown(self.folder, NOBODY, NOBODY)
        self.path = self.folder / "ledger.db"

    def fill(self, movements):
        self.path.unlink(missing_ok=True)
        with closing(sqlite3.connect(self.path)) as db:
            db.executescript((HERE / "schema.sql").read_text())
            db.executemany("INSERT INTO sites VALUES (?, ?)", SITES)
            db.executemany("INSERT INTO items VALUES (?, ?)", ITEMS)
            db.executemany("INSERT INTO sku_aliases VALUES (?, ?)", ALIASES)
            db.executemany("INSERT INTO movements VALUES (?, ?, ?, ?, ?, ?, ?)", movements)
            db.commit()
        os.chown(self.path, NOBODY, NOBODY)

    def run_sql(self, script):
        done = subprocess.run(
            ["python3", "-IS", self.folder / "run_sql.py", self.path, script],
            capture_output=True,
            text=True,
            timeout=10,
            cwd="/",
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def tables(self):
        with closing(sqlite3.connect(self.path)) as db:
            schema = db.execute("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name").fetchall()
            names = [name for type, name, _ in schema if type == "table"]
            return schema, {name: sorted(db.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in names}

    def check_repair(self, movements):
        self.fill(movements)
        schema, tables = self.tables()
        kept, quarantine = repaired(movements)
        tables |= {"movements": sorted(kept, key=repr), "quarantine": sorted(quarantine, key=repr)}
        for time in ("first", "second"):
            self.run_sql("/app/repair.sql")
            found_schema, found = self.tables()
            self.assertEqual(found_schema, schema, "the schema was changed")
            for name, rows in tables.items():
                self.assertEqual(found[name], rows, f"{name} after the {time} repair")
        self.check_report(kept)

    def check_report(self, movements):
        rows = list(csv.reader(io.StringIO(self.run_sql("/app/report.sql"))))
        self.assertEqual(rows[:1], [["site", "sku", "on_hand", "counted", "last_moved_at"]])
        self.assertEqual(rows[1:], [[str(value) for value in row] for row in report(movements)])

    def one(self, sku="ART-1", site=1, kind="receipt", qty=5, at="2025-03-01T08:15:00Z", ref=None):
        return sku, site, kind, qty, at, ref

    def numbered(self, *movements):
        return [(id, *movement) for id, movement in enumerate(movements, 1)]

    def test_repeated_scans(self):
        self.check_repair(self.numbered(*[self.one(qty=n, ref=ref) for n, ref in enumerate(REFS, 1)]))

    def test_a_repeated_scan_goes_even_when_the_first_is_quarantined(self):
        self.check_repair(self.numbered(self.one(sku="GHOST", ref="a-1"), self.one(ref="A-1")))

    def test_articles_follow_their_aliases_to_the_end(self):
        self.check_repair(self.numbered(*[self.one(sku=sku) for sku in sorted(set(SKUS))]))

    def test_signs(self):
        self.check_repair(self.numbered(*[self.one(kind=kind, qty=qty) for kind in KINDS for qty in (4, -4)]))

    def test_quarantine_gives_the_first_reason(self):
        self.check_repair(
            self.numbered(
                *[
                    self.one(sku=sku, site=site, kind=kind, qty=qty)
                    for sku in ("GHOST", "ART-1")
                    for site in (1, 9, None)
                    for kind, qty in (("count", 0), ("count", -1), ("issue", 0), ("issue", 1))
                ]
            )
        )

    def test_both_notations_of_time_sort_together(self):
        self.check_repair(
            self.numbered(
                self.one(kind="count", qty=10, at="2025-03-01T09:00:00Z"),
                self.one(kind="issue", qty=3, at="2025-03-01 10:00:00"),
                self.one(kind="receipt", qty=8, at="2025-03-01 08:00:00"),
            )
        )

    def test_an_empty_ledger(self):
        self.check_repair([])

    def test_report_on_clean_ledgers(self):
        at = "2025-03-01T08:15:00Z"
        rows = self.numbered(
            self.one(kind="receipt", qty=5),
            self.one(kind="count", qty=2),
            self.one(kind="issue", qty=-1),
            self.one(kind="count", qty=7, at="2025-01-01T00:00:00Z"),
            self.one(sku="ART-2", kind="count", qty=0, at=at),
            self.one(sku="ART-2", site=7),
            self.one(sku="ART-0", site=2, kind="issue", qty=-9),
            self.one(sku="ART-4", kind="count", qty=3, at=at),
            self.one(sku="ART-4", kind="count", qty=1, at=at),
        )
        self.fill(rows)
        self.check_report(rows)

    def test_random_ledgers(self):
        seed = secrets.randbits(32)
        print("seed", seed)
        dice = random.Random(seed)
        for size in (40, 400, 400, 5000):
            with self.subTest(seed=seed, size=size):
                self.check_repair(self.numbered(*[self.random_movement(dice, size) for _ in range(size)]))

    def random_movement(self, dice, size):
        day, clock = f"2025-{dice.randint(1, 2):02}-{dice.randint(1, 28):02}", f"{dice.randint(0, 23):02}:{dice.choice(['00', '30'])}:00"
        at = f"{day} {clock}" if dice.random() < 0.4 else f"{day}T{clock}Z"
        site = dice.choice([1, 2, 3, 7]) if dice.random() < 0.95 else dice.choice([9, None])
        ref = dice.choice(REFS) if dice.random() < 0.3 else dice.choice(["scan-%d", "SCAN-%d", " Scan-%d"]) % dice.randint(1, size)
        return dice.choice(SKUS), site, dice.choice(KINDS), dice.randint(-3, 20), at, ref


if __name__ == "__main__":
    unittest.main()
