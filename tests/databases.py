"""Databases for tests: migrated once in a run for all to copy, and emptied without ado."""

import hashlib
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.db import connection

ROOT = Path(__file__).resolve().parents[1]
DECIDING = ("annotations/*/migrations/*.py", "requirements.lock")  # between them they say what the tables are


def named(url: str, database: str) -> str:
    """The address of another database on the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def migrated(url: str) -> str:
    """The name of a database with today's tables and nothing in them; whoever asks first makes it."""
    files = sorted(path for pattern in DECIDING for path in ROOT.glob(pattern))
    name = f"migrated_{hashlib.sha256(b''.join(path.read_bytes() for path in files)).hexdigest()[:12]}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            half = f"{name}_{secrets.token_hex(4)}"
            server.execute(f'CREATE DATABASE "{half}"'.encode())
            _migrate(named(url, half))
            server.execute(f'ALTER DATABASE "{half}" RENAME TO "{name}"'.encode())
    return name


def _migrate(url: str) -> None:
    argv = (sys.executable, "manage.py", "migrate", "--verbosity", "0")
    done = subprocess.run(argv, cwd=ROOT, env={**os.environ, "DATABASE_URL": url}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def copied(url: str, database: str) -> None:
    """Make `database` a copy of the migrated one."""
    template = migrated(url)
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}" STRATEGY FILE_COPY'.encode())


@contextmanager
def emptied_by_deleting() -> Iterator[None]:
    """Let a flush delete rows: truncating costs a new file for each table and index, whether it held any or not."""

    def deletes(style: object, tables: Sequence[str], **_: bool) -> list[str]:
        unguarded = "SET LOCAL session_replication_role = replica"  # no foreign keys, no triggers: all of it goes
        return [unguarded, *(f'DELETE FROM "{table}"' for table in tables)]  # noqa: S608 - our own tables

    with patch.object(connection.ops, "sql_flush", deletes):
        yield
