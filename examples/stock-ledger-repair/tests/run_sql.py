"""Run an SQL script on a ledger: run_sql.py LEDGER SCRIPT. Rows of a single SELECT come out as CSV."""

import csv
import sqlite3
import sys
from contextlib import closing
from pathlib import Path


def main(ledger: str, script: str) -> None:
    text = Path(script).read_text(encoding="utf-8")
    with closing(sqlite3.connect(ledger, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        try:
            cursor = connection.execute(text)
        except (sqlite3.ProgrammingError, sqlite3.Warning):  # more than one statement
            connection.executescript(text)
            return
        if cursor.description:
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow(column[0] for column in cursor.description)
            writer.writerows(cursor)


if __name__ == "__main__":
    main(*sys.argv[1:])
