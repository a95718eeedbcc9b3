"""Where this clone keeps its files: everything below `.local/`, unless the services' account cannot go there."""

import fcntl
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from reviewapp.services import LONGEST_SOCKET_FOLDER, Broker, Owner, Postgres, reachable

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Places:
    """The folders of one clone."""

    root: Path
    local: Path
    services: Path
    owner: Owner | None

    @classmethod
    def of(cls, root: Path = ROOT) -> "Places":
        """Find the folders of the clone at `root`, making `.local/`."""
        owner = Owner.find()
        local = root / ".local"
        local.mkdir(exist_ok=True)
        if owner is not None:
            local.chmod(0o755)
        services = local if reachable(local, owner) else Path("/var/lib/reviewapp") / short_hash(root)
        services.mkdir(parents=True, exist_ok=True)
        return cls(root, local, services, owner)

    @property
    def instance(self) -> str:
        """A short name of this clone, the same on every start."""
        return short_hash(self.root)

    @property
    def moved(self) -> bool:
        """Whether the services' files had to leave the clone."""
        return self.services != self.local

    def file(self, name: str) -> Path:
        """A file of ours in `.local/`."""
        return self.local / name

    def lasting_services(self) -> tuple[Postgres, Broker]:
        """The servers whose data survives restarts."""
        return self._servers(self.services, throwaway=False)

    def throwaway_services(self, folder: Path) -> tuple[Postgres, Broker]:
        """Fast servers for a test run, with nothing worth keeping."""
        return self._servers(folder, throwaway=True)

    def _servers(self, home: Path, *, throwaway: bool) -> tuple[Postgres, Broker]:
        sockets = socket_folder(home)
        copies = self.services / "bin"
        return (
            Postgres(home=home, sockets=sockets / "pg", copies=copies, owner=self.owner, throwaway=throwaway),
            Broker(home=home, sockets=sockets / "broker", copies=copies, owner=self.owner, throwaway=throwaway),
        )

    def secret_key(self) -> str:
        """The key that signs this clone's cookies, made on first use."""
        path = self.file("secret-key")
        if not path.exists():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(48))
        return path.read_text().strip()


def short_hash(path: Path) -> str:
    """Ten hexadecimal digits that name a folder."""
    return hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:10]


def socket_folder(home: Path) -> Path:
    """A folder below `home` for unix sockets, or a short one elsewhere when `home` is too long a path."""
    if len(str(home / "run" / "broker")) <= LONGEST_SOCKET_FOLDER:
        return home / "run"
    if os.geteuid() == 0:
        return Path("/run/reviewapp") / short_hash(home)
    return Path(os.environ.get("XDG_RUNTIME_DIR") or _own_tmp()) / f"reviewapp-{short_hash(home)}"


def _own_tmp() -> Path:
    folder = Path("/tmp") / f"reviewapp-{os.getuid()}"  # noqa: S108 - owner and mode are checked below
    folder.mkdir(mode=0o700, exist_ok=True)
    stat = folder.lstat()
    if stat.st_uid != os.getuid() or stat.st_mode & 0o077:
        raise PermissionError(f"{folder} belongs to someone else or is open to others; remove it.")
    return folder


def is_locked(path: Path) -> bool:
    """Whether a living process holds the lock at `path`."""
    with held(path, tries=1) as got:
        return not got


@contextmanager
def held(path: Path, *, tries: int = 6) -> Iterator[bool]:
    """Hold the lock at `path`; yields False when another process has it. The kernel frees it when we die."""
    with path.open("a") as file:
        yield any(_try_lock(file, last=left == 0) for left in reversed(range(tries)))


def _try_lock(file: IO[str], *, last: bool) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        # Someone who only looks, as `is_locked` does, holds it for a moment.
        if not last:
            time.sleep(0.05)
        return False
    return True


@contextmanager
def throwaway_folder(places: Places) -> Iterator[Path]:
    """A fresh folder for one test run; those of runs that were killed are removed on the way."""
    parent = places.services / "test"
    parent.mkdir(exist_ok=True)
    for old in parent.iterdir():
        if not is_locked(old / "lock") if old.is_dir() else False:
            shutil.rmtree(old, ignore_errors=True)
    folder = parent / str(os.getpid())
    folder.mkdir()
    try:
        with held(folder / "lock"):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
