"""`manage.py agreement FILE.csv`, as anybody with a table of ratings runs it."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from reviewapp.command_line.rating_file import UnreadableError, read_ratings
from tests.annotations.agreement.published import Published

ROOT = Path(__file__).parents[1]


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "ratings.csv"
    path.write_bytes(text.encode(encoding))
    return path


def published(folder: Path) -> Path:
    rows = [",".join("" if value is None else str(value) for value in row) for row in _rows()]
    return written(folder, "unit,A,B,C,D\n" + "\n".join(f"{at},{row}" for at, row in enumerate(rows)))


def _rows() -> list[list[int | None]]:
    rows: list[list[int | None]] = Published.read("krippendorff_c").given["rows"]
    return rows


def told(path: Path, *arguments: str) -> Any:
    out = StringIO()
    call_command("agreement", str(path), "--json", *arguments, stdout=out)
    return json.loads(out.getvalue())


@pytest.mark.slow  # a process that imports the whole project
def test_it_runs_without_a_database(tmp_path: Path) -> None:
    path = published(tmp_path)
    command = (
        sys.executable,
        str(ROOT / "manage.py"),
        "agreement",
        str(path),
        "--level",
        "ordinal",
        "--domain",
        "1..5",
    )
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    ended = subprocess.run(command, env=kept, capture_output=True, text=True, check=True)
    assert "Krippendorff's α, ordinal: 0.8154" in ended.stdout
    assert "11 of 12 items have two ratings or more; 41 ratings by 4 raters." in ended.stdout


def test_it_tells_the_published_values(tmp_path: Path) -> None:
    found = told(published(tmp_path), "--level", "ordinal", "--domain", "1..5")
    assert found["alpha"]["value"] == pytest.approx(0.815, abs=5e-4)
    assert found["alpha"]["low"] < 0.815 < found["alpha"]["high"]
    assert found["coefficients"]["ac1"]["se"] == pytest.approx(0.14295, abs=1e-5)
    assert found["items"] == {"found": 12, "used": 11}
    assert found["domain"] == [1, 2, 3, 4, 5]
    assert {"raters": ["A", "B"], "items": 9, "agreed": 8} in found["pairs"]
    assert [each["ratings"] for each in found["categories"]] == [9, 13, 11, 5, 3]


def test_it_gives_the_same_for_a_row_per_rating_and_a_row_per_item(tmp_path: Path) -> None:
    wide = told(published(tmp_path))
    lines = ["rater;item;label"]
    for item, row in enumerate(_rows()):
        lines += [f"{'ABCD'[rater]};{item};{value}" for rater, value in enumerate(row) if value is not None]
    long = told(written(tmp_path, "\r\n".join(lines)))
    assert long["alpha"] == wide["alpha"]
    assert long["categories"] == wide["categories"]


def test_it_reads_a_file_without_a_heading(tmp_path: Path) -> None:
    read = read_ratings(written(tmp_path, "1,2\n2,2\n1,NA\n"))
    assert read.raters == ("column 1", "column 2")
    assert read.ratings.codes.tolist() == [[0, 1], [1, 1], [0, -1]]


def test_it_reads_words_and_keeps_the_order_of_their_domain(tmp_path: Path) -> None:
    path = written(tmp_path, "item\tana\tben\nx\tlow\thigh\ny\tmedium\t\n", "utf-8-sig")
    read = read_ratings(path, "low,medium,high")
    assert read.ratings.values == ("low", "medium", "high")
    assert read.ratings.codes.tolist() == [[0, 2], [1, -1]]
    assert read.raters == ("ana", "ben")


def test_it_takes_numbers_however_they_are_written(tmp_path: Path) -> None:
    read = read_ratings(written(tmp_path, "a,b\n1,1.0\n2.50, 2.5\n"))
    assert read.ratings.values == (1, 2.5)
    assert read.ratings.codes.tolist() == [[0, 0], [1, 1]]


FAULTS = {
    "outside": ("item,a,b\n1,1,6\n2,x,1\n", "1..5", ["line 2, “b”: “6” is not in the domain", "line 3, “a”: “x”"]),
    "ragged": ("item,a,b\n1,1\n2,1,1\n", None, ["line 2: it has 2 cells, and the first row has 3."]),
    "twice": ("item,rater,value\n1,ana,1\n1,ana,2\n", None, ["line 3: “ana” has rated “1” already, in line 2."]),
    "empty": ("", None, ["is empty."]),
    "no rating": ("item,a,b\n1,,\n", None, ["holds no rating."]),
    "quote": ('item,a\n1,"2\n', None, ["line 2"]),
    "domain": ("a,b\n1,2\n", "5..1", ["needs its lower end first"]),
    "domain of words": ("a,b\n1,2\n", "1..x", ["is not like 1..5"]),
    "domain of one": ("a,b\n1,2\n", "1", ["at least two different values"]),
    "no scale": ("\n".join(f"{at},{at}.5" for at in range(300)), None, ["holds 600 different values", "round them"]),
    "more raters": ("\n".join(["1" + ",1" * 1000] * 2), None, ["holds 1,001 raters", "split it"]),
    "controls": ("item,a\n1,\x1b[31m7\n", "1..5", ["line 2, “a”: “\\x1b[31m7”"]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_it_names_each_fault_and_its_line(tmp_path: Path, fault: str) -> None:
    text, domain, expected = FAULTS[fault]
    with pytest.raises(UnreadableError) as caught:
        read_ratings(written(tmp_path, text), domain)
    problems = "\n".join(caught.value.problems)
    assert all(words in problems for words in expected), problems


def test_it_ends_with_2_and_tells_the_first_twenty_faults(tmp_path: Path) -> None:
    path = written(tmp_path, "item,a,b\n" + "1,9,9\n" * 50)
    with pytest.raises(CommandError) as caught:
        call_command("agreement", str(path), "--domain", "1..5")
    assert caught.value.returncode == 2
    assert str(caught.value).endswith("… and 80 more problems like these.")


def test_it_says_why_a_file_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="cannot be read: No such file"):
        read_ratings(tmp_path / "nothing.csv")
    with pytest.raises(UnreadableError, match="is not UTF-8 text: byte 9"):
        read_ratings(written(tmp_path, "item,a\n1,ü", "latin-1"))
