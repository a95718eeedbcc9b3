"""Runs /app/reconcile.py on files made here and compares its document with the one they were made from."""

import csv
import io
import json
import os
import random
import secrets
import shutil
import subprocess
import tempfile
import unittest
from decimal import Decimal
from pathlib import Path

NOBODY = 65534
PLACES = {"JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "VND": 0, "BHD": 3, "KWD": 3, "OMR": 3, "TND": 3}
ORDER_COLUMNS = ["order_id", "placed_at", "currency", "total", "status", "note"]
LINE_COLUMNS = ["Reference", "Type", "Amount", "Currency", "Transaction"]


def units(amount, currency):
    return int(Decimal(amount).scaleb(PLACES.get(currency, 2)))


def text_of(rows, **options):
    out = io.StringIO()
    csv.writer(out, **options).writerows(rows)
    return out.getvalue()


def european(amount):
    whole, _, decimals = f"{Decimal(amount):,f}".partition(".")
    return whole.replace(",", ".") + ("," + decimals if decimals else "")


def number(order_id):
    return int(order_id.removeprefix("SO-"))


class Case:
    """Orders and settlement lines, and the document they should give, summed up with Decimal."""

    def __init__(self):
        self.orders, self.lines, self.columns, self.blank_lines = [], [], [*LINE_COLUMNS], False

    def order(self, order_id, total="10.00", currency="EUR", status="paid", note=""):
        self.orders.append((order_id, total, currency, status, note))
        return self

    def line(self, means, reference, amount="10", kind="CHARGE", currency="EUR", transaction=None, shown=None):
        """`means` is the order_id that the reference stands for, or None; `shown` is how the amount is written."""
        transaction = transaction or f"T-{len(self.lines)}"
        self.lines.append((means, reference, kind, Decimal(amount), currency, transaction, shown or european(amount)))
        return self

    def orders_csv(self):
        rows = [[id, "2025-03-01T00:00:00Z", currency, total, status, note] for id, total, currency, status, note in self.orders]
        text = text_of([ORDER_COLUMNS, *rows], lineterminator="\n")
        return (text + "\n\n" if self.blank_lines else text).encode()

    def settlement_csv(self):
        rows = [self.columns]
        for _, reference, kind, _, currency, transaction, shown in self.lines:
            cells = {"Reference": reference, "Type": kind, "Amount": shown, "Currency": currency, "Transaction": transaction}
            rows.append([cells.get(name, "Überweisung; 1.000,00 €") for name in self.columns])
        text = text_of(rows, delimiter=";", lineterminator="\r\n")
        return (text.replace("\r\n", "\r\n\r\n", 3) if self.blank_lines else text).encode("cp1252")

    def effective(self):
        """Lines that are neither repeated nor fees, with signs and clean values."""
        seen = set()
        for means, reference, kind, amount, currency, transaction, _ in self.lines:
            transaction, kind, currency = transaction.strip(), kind.strip().lower(), currency.strip().upper()
            if transaction not in seen and kind != "fee":
                signed = units(amount, currency) * (-1 if kind == "refund" else 1)
                yield (
                    means,
                    {"transaction": transaction, "reference": reference.strip(), "type": kind, "currency": currency, "amount": signed},
                )
            seen.add(transaction)

    def expected(self):
        real = {order[0]: order for order in self.orders if order[3] != "test"}
        lines = list(self.effective())
        unexpected = [line for means, line in lines if means not in real]
        orders = [self.entry(real[id], [line for means, line in lines if means == id]) for id in sorted(real, key=number)]
        totals = {}
        for currency in {entry["currency"] for entry in orders + unexpected}:
            totals[currency] = {
                key: sum(entry[key] for entry in orders if entry["currency"] == currency) for key in ("expected", "settled")
            }
            totals[currency]["unexpected"] = sum(line["amount"] for line in unexpected if line["currency"] == currency)
        return {"orders": orders, "unexpected": unexpected, "totals": totals}

    def entry(self, order, lines):
        id, total, currency, status, _ = order
        expected = units(total, currency) if status == "paid" else 0
        settled = sum(line["amount"] for line in lines if line["currency"] == currency)
        states = [
            ("wrong_currency", any(line["currency"] != currency for line in lines)),
            ("missing", expected and not lines),
            ("short", settled < expected),
            ("over", settled > expected),
            ("ok", True),
        ]
        state = next(name for name, applies in states if applies)
        return {
            "order_id": id,
            "currency": currency,
            "expected": expected,
            "settled": settled,
            "difference": settled - expected,
            "state": state,
        }


class Reconciliation(unittest.TestCase):
    maxDiff = 3000

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(dir="/tmp"))
        self.addCleanup(shutil.rmtree, self.folder)
        os.chown(self.folder, NOBODY, NOBODY)
        self.out = self.folder / "result.json"

    def run_on(self, orders, settlement):
        self.out.unlink(missing_ok=True)
        paths = {"orders": self.folder / "o r.csv", "settlement": self.folder / "s.csv"}
        for name, content in (("orders", orders), ("settlement", settlement)):
            paths[name].unlink(missing_ok=True)
            if content is not None:
                paths[name].write_bytes(content)
        return subprocess.run(
            ["python3", "/app/reconcile.py", "--orders", paths["orders"], "--settlement", paths["settlement"], "--out", self.out],
            capture_output=True,
            text=True,
            timeout=10,
            cwd="/",
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
        )

    def check(self, case):
        done = self.run_on(case.orders_csv(), case.settlement_csv())
        self.assertEqual(done.returncode, 0, done.stderr)
        # Floats are kept apart from integers: 1990.0 is not 1990 here.
        found = json.loads(self.out.read_text(encoding="utf-8"), parse_float=str)
        self.assertEqual(found, case.expected())

    def test_states(self):
        case = Case()
        for n in range(1, 9):
            case.order(f"SO-{n}", "10.00")
        case.order("SO-9", "10.00", status="cancelled").order("SO-10", "3", status="cancelled").order("SO-11", "0")
        case.line("SO-1", "SO-1").line("SO-2", "SO-2", "9.99").line("SO-3", "SO-3", "10.01").line("SO-4", "SO-4", currency="USD")
        case.line("SO-5", "SO-5").line("SO-5", "SO-5", "1", currency="GBP").line("SO-6", "SO-6").line("SO-6", "SO-6", "10", kind="REFUND")
        case.line("SO-7", "SO-7", "6").line("SO-7", "SO-7", "4").line("SO-9", "SO-9", "10")
        self.check(case)

    def test_references(self):
        case = Case().order("SO-004711").order("SO-0005").order("SO-47110")
        for reference in ("so4711", "SO-004711", " So 4711", "#SO/04711", "s_o-4-7-1-1", "SO0000000004711 "):
            case.line("SO-004711", reference)
        for reference in ("SO-5", "so 000 5"):
            case.line("SO-0005", reference)
        for reference in ("", "4711", "SO", "SO-", "SO-6", "SO-4711a", "XSO-4711", "INV 4711", "SO.4711", "SO-47²", "S04711", "SO-471"):
            case.line(None, reference)
        self.check(case)

    def test_decimals_by_currency(self):
        case = (
            Case()
            .order("SO-1", "4800", "JPY")
            .order("SO-2", "12.75", "KWD")
            .order("SO-3", "19.9")
            .order("SO-4", "20")
            .order("SO-5", "0.07", "CHF")
        )
        case.order("SO-6", "1", "ISK").order("SO-7", "1.005", "TND").order("SO-8", "90071992547409.93", "USD").order(
            "SO-9", "1000000", "VND"
        )
        for means, amount, currency in (
            ("SO-1", "4800", "JPY"),
            ("SO-2", "12.750", "KWD"),
            ("SO-3", "19.90", "EUR"),
            ("SO-4", "20", "EUR"),
            ("SO-5", "0.07", "CHF"),
            ("SO-6", "1", "ISK"),
            ("SO-7", "1.005", "TND"),
            ("SO-8", "90071992547409.93", "USD"),
            ("SO-9", "1000000", "VND"),
        ):
            case.line(means, means, amount, currency=currency)
        self.check(case)

    def test_the_written_sign_is_meaningless(self):
        case = Case().order("SO-1", "1234.50")
        case.line("SO-1", "SO-1", "1234.5", shown="-1.234,50").line("SO-1", "SO-1", "12", "refund", shown="+12,00").line(
            "SO-1", "SO-1", "5", "Refund", shown="-5,0"
        )
        self.check(case)

    def test_repetitions_and_fees(self):
        case = Case().order("SO-1").order("SO-2")
        case.line("SO-1", "SO-1", transaction="A").line("SO-1", "SO-1", transaction=" A ").line("SO-2", "SO-2", transaction="A").line(
            "SO-2", "SO-2", transaction="a"
        )
        case.line("SO-2", "SO-2", "3", "Fee", transaction="F").line(None, "nobody", "4", "FEE").line("SO-2", "SO-2", "7", transaction="F")
        self.check(case)

    def test_tests_are_dropped(self):
        self.check(
            Case()
            .order("SO-1", status="test")
            .order("SO-2", currency="SEK", status="test")
            .line("SO-1", "SO-1")
            .line("SO-1", "SO-1", "2", "refund")
        )

    def test_wrong_currencies_count_in_no_total(self):
        self.check(Case().order("SO-1", currency="GBP").line("SO-1", "SO-1", currency="EUR").line(None, "x", "1", currency="usd"))

    def test_columns_in_any_order_with_strangers_and_blanks(self):
        case = Case().order("SO-1", note='said "hi",\nthen left; é€').order("SO-2")
        case.columns, case.blank_lines = ["Überschrift", "Transaction", "Amount", "Reference", "Gebühr", "Currency", "Type"], True
        self.check(case.line("SO-1", "  SO-1 ", "1000", " charge ", " eur ", " T 1 ", " 1.000,00 ").line(None, " Größe; “x” ", "1"))

    def test_nothing_at_all(self):
        self.check(Case())

    def test_order_by_number(self):
        case = Case()
        for id in ("SO-010", "SO-2", "SO-0001", "SO-100", "SO-9"):
            case.order(id)
        self.check(case)

    def test_errors_leave_no_result(self):
        good = Case().order("SO-1")
        missing_line, missing_order = good.settlement_csv().replace(b"Amount", b"Betrag"), good.orders_csv().replace(b"total", b"sum")
        for name, files in {
            "settlement column": (good.orders_csv(), missing_line),
            "order column": (missing_order, good.settlement_csv()),
            "no orders": (None, good.settlement_csv()),
            "no settlement": (good.orders_csv(), None),
            "empty file": (b"", good.settlement_csv()),
        }.items():
            with self.subTest(name):
                done = self.run_on(*files)
                self.assertEqual(done.returncode, 1)
                self.assertTrue(done.stderr.strip())
                self.assertFalse(self.out.exists())

    def test_random_months(self):
        seed = secrets.randbits(32)
        print("seed", seed)
        dice = random.Random(seed)
        for _ in range(8):
            with self.subTest(seed=seed):
                self.check(self.random_case(dice))

    def random_case(self, dice):
        case = Case()
        currencies = dice.sample(["EUR", "USD", "JPY", "KWD", "BHD", "CLP", "SEK"], 4)
        numbers = dice.sample(range(1, 3000), dice.randint(5, 300))
        for n in numbers:
            currency = dice.choice(currencies)
            status = dice.choices(["paid", "cancelled", "test"], [8, 1, 1])[0]
            case.order(f"SO-{n:0{dice.randint(1, 6)}}", self.amount(dice, currency), currency, status)
        for id, total, currency, _, _ in dice.choices(case.orders, k=len(numbers)):
            paid = total if dice.random() < 0.6 else self.amount(dice, currency)
            again = case.lines[-1][5] if case.lines and dice.random() < 0.05 else None
            other = dice.choice(currencies) if dice.random() < 0.1 else currency
            paid = paid if other == currency else self.amount(dice, other)
            kind = dice.choice(["CHARGE", "charge", "Charge", "refund", "REFUND", "fee"])
            case.line(
                id,
                dice.choice(["so{}", "SO-00{}", "#So {}", "SO/{} "]).format(number(id)),
                paid,
                kind,
                dice.choice([other, other.lower()]),
                again,
            )
            if dice.random() < 0.1:
                case.line(None, f"SO-{dice.randint(5000, 9000)}", self.amount(dice, other), kind, other)
        dice.shuffle(case.columns)
        return case

    def amount(self, dice, currency):
        places = dice.randint(0, PLACES.get(currency, 2))
        return f"{dice.choice([dice.randint(0, 99), dice.randint(0, 5_000_000)]):d}" + (
            f".{dice.randrange(10**places):0{places}}" if places else ""
        )


if __name__ == "__main__":
    unittest.main()
