"""Small sound tasks in any number, each with a story of its own: a file of records, and a question about it."""

import itertools
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

type Files = Mapping[str, str]
type Rows = list[tuple[str, int]]


@dataclass(frozen=True)
class Records:
    """What a task's file is about: `key` groups its rows, `measure` is what each of them counts."""

    slug: str
    title: str
    key: str
    measure: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Question:
    """What is asked of the records, its answer, and an awk program that finds it; fields are split at FS.

    `needs` is what judging it takes.
    """

    slug: str
    title: str
    asks: str
    program: str
    answer: Callable[[Rows], list[str]]
    needs: tuple[str, ...] = ("shell",)


@dataclass(frozen=True)
class Form:
    """How the rows are written down."""

    slug: str
    title: str
    separator: str


FORMS = (Form("csv", "CSV", ","), Form("tsv", "tab-separated", "\t"), Form("psv", "pipe-separated", "|"))
RECORDS = tuple(
    Records(slug, title, key, measure, tuple(names.split()))
    for slug, title, key, measure, names in (
        ("fuel-log", "fuel log", "pump", "litres", "north south east yard depot"),
        ("tide-table", "tide table", "harbour", "centimetres", "Skagen Brest Cuxhaven Bergen Ostend"),
        ("parcel-scans", "parcel scans", "gate", "parcels", "G1 G2 G3 G4 G7"),
        ("call-sheet", "call sheet", "desk", "seconds", "billing returns repairs orders"),
        ("lift-trips", "lift trips", "lift", "floors", "A B C D freight"),
        ("seed-trial", "seed trial", "variety", "sprouts", "rye oat barley spelt emmer"),
        ("bus-counts", "bus counts", "line", "riders", "12 14 27 31 N5"),
        ("oven-batches", "oven batches", "oven", "loaves", "stone deck rack tunnel"),
        ("well-levels", "well levels", "well", "millimetres", "W01 W02 W05 W09"),
        ("print-jobs", "print jobs", "printer", "pages", "lobby floor2 floor3 annex"),
        ("ferry-loads", "ferry loads", "crossing", "vehicles", "morning noon evening night"),
        ("hive-weights", "hive weights", "hive", "grams", "H1 H2 H3 H4 H5"),
        ("locker-rents", "locker rents", "site", "cents", "station pool museum gym"),
        ("radio-pings", "radio pings", "beacon", "pings", "alpha kilo tango zulu"),
        ("ticket-stubs", "ticket stubs", "counter", "tickets", "one two three kiosk"),
        ("dock-hours", "dock hours", "dock", "minutes", "D1 D2 D3 D8"),
        ("snow-depths", "snow depths", "hut", "centimetres", "saddle ridge bowl lodge"),
        ("meter-reads", "meter readings", "meter", "watt-hours", "M10 M11 M23 M40"),
        ("loan-slips", "loan slips", "branch", "books", "central west harbour school"),
        ("wash-cycles", "wash cycles", "machine", "cycles", "w1 w2 w3 d1 d2"),
    )
)


def _sums(rows: Rows) -> dict[str, int]:
    return {key: sum(value for name, value in rows if name == key) for key in sorted({name for name, _ in rows})}


def _longest_run(rows: Rows, key: str) -> int:
    runs = itertools.groupby(name == key for name, _ in rows)
    return max(len(list(run)) for is_key, run in runs if is_key)


QUESTIONS = (
    Question(
        "totals",
        "Total {measure} per {key}",
        "one line per {key}, sorted by {key}: the {key}, a space, and the sum of its {measure}",
        "{ s[$1] += $2 } END { for (k in s) print k, s[k] }",
        lambda rows: [f"{key} {total}" for key, total in _sums(rows).items()],
    ),
    Question(
        "counts",
        "Records per {key}",
        "one line per {key}, sorted by {key}: the {key}, a space, and how many rows it has",
        "{ s[$1] += 1 } END { for (k in s) print k, s[k] }",
        lambda rows: [f"{key} {sum(name == key for name, _ in rows)}" for key in _sums(rows)],
    ),
    Question(
        "peaks",
        "Highest {measure} per {key}",
        "one line per {key}, sorted by {key}: the {key}, a space, and the largest of its {measure}",
        "!($1 in s) || $2 + 0 > s[$1] { s[$1] = $2 + 0 } END { for (k in s) print k, s[k] }",
        lambda rows: [f"{key} {max(value for name, value in rows if name == key)}" for key in _sums(rows)],
    ),
    Question(
        "latest",
        "Last {measure} of each {key}",
        "one line per {key}, sorted by {key}: the {key}, a space, and the {measure} of its last row",
        "{ s[$1] = $2 } END { for (k in s) print k, s[k] }",
        lambda rows: [f"{key} {[value for name, value in rows if name == key][-1]}" for key in _sums(rows)],
    ),
    Question(
        "spread",
        "Spread of {measure} per {key}",
        "one line per {key}, sorted by {key}: the {key}, a space, and its largest {measure} minus its smallest",
        "!($1 in h) { h[$1] = l[$1] = $2 + 0 } $2 + 0 > h[$1] { h[$1] = $2 + 0 } $2 + 0 < l[$1] { l[$1] = $2 + 0 } "
        "END { for (k in h) print k, h[k] - l[k] }",
        lambda rows: [
            f"{key} {max(values) - min(values)}"
            for key in _sums(rows)
            if (values := [value for name, value in rows if name == key])
        ],
        needs=("shell", "statistics"),
    ),
    Question(
        "quiet",
        "Each {key} below 100 {measure}",
        "one line per {key} whose rows together have fewer than 100 {measure}, sorted: only the {key}",
        "{ s[$1] += $2 } END { for (k in s) if (s[k] < 100) print k }",
        lambda rows: [key for key, total in _sums(rows).items() if total < 100],
    ),
    Question(
        "shares",
        "Share of {measure} per {key}",
        "one line per {key}, sorted by {key}: the {key}, a space, and its share of all {measure} in whole percent, "
        "rounded down",
        "{ s[$1] += $2; n += $2 } END { for (k in s) print k, int(100 * s[k] / n) }",
        lambda rows: [f"{key} {100 * total // sum(value for _, value in rows)}" for key, total in _sums(rows).items()],
        needs=("shell", "statistics"),
    ),
    Question(
        "streaks",
        "Longest run of rows per {key}",
        "one line per {key}, sorted by {key}: the {key}, a space, and how many rows of it follow each other at most",
        "{ r = $1 == p ? r + 1 : 1; p = $1; if (r > s[$1]) s[$1] = r } END { for (k in s) print k, s[k] }",
        lambda rows: [f"{key} {_longest_run(rows, key)}" for key in _sums(rows)],
    ),
)


@dataclass(frozen=True)
class Story:
    """One task: its slug, its title, its files, and what somebody who judges it must know."""

    slug: str
    title: str
    files: Files
    needs: tuple[str, ...]


def stories(rng: random.Random) -> Iterator[Story]:
    """Every task there is (480 of them, and again with other numbers for ever), in an order drawn from `rng`."""
    for edition in itertools.count(1):
        drawn = list(itertools.product(RECORDS, QUESTIONS, FORMS))
        rng.shuffle(drawn)
        for records, question, form in drawn:
            yield _story(records, question, form, edition, rng)


def _story(records: Records, question: Question, form: Form, edition: int, rng: random.Random) -> Story:
    words = {"key": records.key, "measure": records.measure}
    again = f"-{edition}" if edition > 1 else ""
    slug = f"{records.slug}-{question.slug}-{form.slug}{again}"
    title = f"{question.title.format(**words)} in the {records.title} ({form.title}{again.replace('-', ', set ')})"
    given, hidden = (_rows(records, rng) for _ in range(2))
    return Story(slug, title, _files(title, records, question, form, given, hidden), question.needs)


def _rows(records: Records, rng: random.Random) -> Rows:
    return [(rng.choice(records.names), rng.randint(1, 60)) for _ in range(rng.randint(14, 30))]


def _files(title: str, records: Records, question: Question, form: Form, given: Rows, hidden: Rows) -> Files:
    asks = question.asks.format(key=records.key, measure=records.measure)
    table = {name: _table(rows, form) for name, rows in (("given", given), ("hidden", hidden))}
    return {
        "task.toml": 'version = "1.0"\n\n[metadata]\ndifficulty = "easy"\ncategory = "data-processing"\n\n'
        "[agent]\ntimeout_sec = 300.0\n\n[verifier]\ntimeout_sec = 60.0\n\n"
        '[environment]\nnetwork_mode = "no-network"\n',
        "instruction.md": f"# {title}\n\n`/data/records.{form.slug}` has two columns, separated by {_named(form)} and "
        f"without a header: {records.key} and {records.measure}.\n\nWrite `/app/report.sh`. Called as "
        f"`sh /app/report.sh FILE`, it reads such a file and prints {asks}.\n\nIt is also tried with other files of "
        "the same form.\n",
        "environment/Dockerfile": "FROM debian:bookworm-slim\nWORKDIR /app\n"
        f"COPY records.{form.slug} /data/records.{form.slug}\n",
        f"environment/records.{form.slug}": table["given"],
        "solution/solve.sh": "#!/bin/sh\ncat > /app/report.sh <<'END'\n"
        f"awk -F '{_escaped(form)}' '{question.program}' \"$1\" | LC_ALL=C sort\nEND\n",
        "tests/test.sh": "#!/bin/sh\n"
        "for name in given hidden; do\n"
        f"    sh /app/report.sh /tests/$name.{form.slug} | cmp - /tests/$name.out || fails=1\ndone\n"
        'if [ -z "$fails" ]; then echo 1; else echo 0; fi > /logs/verifier/reward.txt\n',
        **{f"tests/{name}.{form.slug}": text for name, text in table.items()},
        **{
            f"tests/{name}.out": "".join(f"{line}\n" for line in question.answer(rows))
            for name, rows in (("given", given), ("hidden", hidden))
        },
    }


def _table(rows: Rows, form: Form) -> str:
    return "".join(f"{key}{form.separator}{value}\n" for key, value in rows)


def _named(form: Form) -> str:
    return {",": "a comma", "\t": "a tab", "|": "a bar (`|`)"}[form.separator]


def _escaped(form: Form) -> str:
    return {",": ",", "\t": "\\t", "|": "[|]"}[form.separator]
