"""Copies of tests and solution among the files of the image, and look-alikes that are none."""

from pathlib import Path

import pytest

from harness.checks.leaked_answers import CHECK
from harness.reading.answers import TITLES
from tests.harness.bundles import Files
from tests.harness.checks.packed import BLOCKING, INFORMATION, WARNING, bundle, told

SOLVE = """#!/bin/bash
# The reference.
cat > /app/total.py <<'PY'
total = 0
for line in open("/data/ledger.csv"):
    account, amount = line.split(",")
    if account.startswith("7"):
        total += int(amount)
print(f"total of all sevens: {total}")
PY
python3 /app/total.py > /app/total.txt
chmod 0644 /app/total.txt
test -s /app/total.txt || exit 1
"""
WRITTEN = SOLVE.partition("<<'PY'\n")[2].partition("PY\n")[0]
TESTS = "def test_total():\n    assert open('/app/total.txt').read().strip().endswith('4711')\n"
COPY = "FROM scratch\nCOPY . /app/\n"
BASE: Files = {"solution/solve.sh": SOLVE, "tests/test_outputs.py": TESTS, "environment/Dockerfile": COPY}
NAMED = "The Dockerfile copies tests or solution"
DATA = "account,amount\n" + "7001,12\n" * 30
TREE: Files = {"solution/src/fast.c": DATA, "solution/src/slow.c": DATA + "2", "environment/src/slow.c": DATA + "1"}


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({}, {}),
        ({"environment/Dockerfile": "FROM scratch\nCOPY solution/ /app/work/\n"}, {NAMED: BLOCKING}),
        ({"environment/Dockerfile": "FROM scratch\nCOPY ./a.csv ../tests/test_outputs.py /t/\n"}, {NAMED: BLOCKING}),
        ({"environment/Dockerfile": "FROM scratch\nCOPY --from=made solution/ /a/\nCOPY tests/ /a/tests/\n"}, {}),
        (
            {"environment/Dockerfile": "FROM scratch\nCOPY solution/ /a/\n", "environment/solution/Solution.cs": DATA},
            {},
        ),
        ({"environment/Dockerfile": "FROM scratch\nCOPY solution.sln solutions/ /a/\n"}, {}),
        ({"environment/setup/solve.sh": SOLVE}, {TITLES["solution"]: BLOCKING}),
        ({"environment/.cache/hint.txt": SOLVE}, {TITLES["solution"]: BLOCKING}),
        ({"environment/notes.md": f"Internal notes\n{SOLVE.replace('    ', '  ')}"}, {TITLES["solution"]: BLOCKING}),
        ({"environment/hint.py": WRITTEN}, {"The image holds what the solution writes": WARNING}),
        ({"environment/tests/test_outputs.py": TESTS}, {TITLES["tests"]: BLOCKING}),
        (
            {"environment/tests/test_outputs.py": TESTS, "instruction.md": "Make tests/test_outputs.py pass.\n"},
            {TITLES["tests"]: INFORMATION},
        ),
        (
            {"environment/tests/test_outputs.py": TESTS, "instruction.md": "Make the existing tests pass.\n"},
            {TITLES["tests"]: INFORMATION},
        ),
        ({"tests/expected.csv": DATA, "environment/.gold.csv": DATA}, {TITLES["expected"]: WARNING}),
        ({"tests/data/ledger.csv": DATA, "environment/ledger.csv": DATA}, {}),
        ({"solution/fix.py": DATA, "environment/lib/other.py": DATA}, {TITLES["solution"]: BLOCKING}),
        ({"solution/report.csv": DATA, "environment/report.csv": DATA}, {TITLES["solution"]: WARNING}),
        ({**TREE, "environment/src/fast.c": DATA}, {}),
        ({"environment/solve.sh": SOLVE, "environment/Dockerfile": "FROM scratch\nCOPY data /app/\n"}, {}),
        ({"environment/solve.sh": SOLVE, "environment/.dockerignore": "solve.sh\n"}, {}),
        (
            {"environment/x/solve.sh": SOLVE, "environment/Dockerfile": 'FROM scratch\nADD ["x/*.sh", "/x/"]\n'},
            {TITLES["solution"]: BLOCKING},
        ),
        ({"tests/test_empty.py": "x = 1\n", "environment/x.py": "x = 1\n"}, {}),
        ({"solution/LICENSE": DATA, "environment/LICENSE": DATA}, {}),
    ],
)
def test_it_finds_answers_in_the_image(tmp_path: Path, files: Files, found: dict[str, str]) -> None:
    assert told(CHECK, bundle(tmp_path, {**BASE, **files})) == found


def test_it_finds_tests_that_differ_in_comments_only(tmp_path: Path) -> None:
    tests = "import os\n" + "".join(f"def test_{n}():\n    assert os.path.exists('/app/{n}.txt')\n" for n in range(5))
    copy = "# mine\n" + tests.replace("    ", "\t")
    held = bundle(tmp_path, {**BASE, "tests/test_outputs.py": tests, "environment/check.py": copy})
    assert told(CHECK, held) == {TITLES["tests"]: BLOCKING}


def test_it_finds_a_build_from_the_whole_bundle(tmp_path: Path) -> None:
    text = "services:\n  main:\n    build:\n      context: ..\n"
    title = "The image is built from the folder that holds tests and solution"
    assert told(CHECK, bundle(tmp_path, {**BASE, "environment/docker-compose.yaml": text})) == {title: BLOCKING}


BAKED = "FROM scratch\nCOPY . /app/\nRUN echo 4711 > /opt/total_expected.txt\n"
COMPARES = "def test_total():\n    assert open('/app/total.txt').read() == open('/opt/total_expected.txt').read()\n"
COMPARED: Files = {
    "environment/Dockerfile": BAKED,
    "tests/test_outputs.py": COMPARES,
    "tests/test.sh": "pytest /tests/test_outputs.py && echo 1 > /logs/verifier/reward.txt\n",
}
READ_THERE = {"The tests read the expected result from the image": WARNING}


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (COMPARED, READ_THERE),
        ({**COMPARED, "tests/test.sh": "cp /tests/test_outputs.py /app\npytest /app/test_outputs.py\n"}, READ_THERE),
        ({**COMPARED, "environment/Dockerfile": COPY, "environment/total_expected.txt": "4711\n"}, READ_THERE),
        ({**COMPARED, "environment/Dockerfile": COPY}, {}),
        ({**COMPARED, "instruction.md": "Compare with /opt/total_expected.txt.\n"}, {}),
        ({**COMPARED, "solution/solve.sh": f"{SOLVE}cp /app/total.txt /opt/total_expected.txt\n"}, {}),
        ({**COMPARED, "tests/test_outputs.py": COMPARES.replace("/opt/", "/tests/")}, {}),
    ],
)
def test_it_finds_results_that_the_tests_read_from_the_image(
    tmp_path: Path, files: Files, found: dict[str, str]
) -> None:
    assert told(CHECK, bundle(tmp_path, {**BASE, **files})) == found
