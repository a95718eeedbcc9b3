"""First stage of `./dev`: make `.venv` hold what the lock says, then hand over to `python -m reviewapp.dev`.

Runs as a plain file, before anything is installed: standard library only, and Python 3.11 suffices.
"""
# ruff: noqa: S603, S606, S607 - running Python, uv and apt-get is what it is for; nothing comes from outside

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
STAMP = VENV / "reviewapp-lock"
TOOLS = ROOT / ".local" / "tools"
UV = "uv==0.13.8"
OLDEST = (3, 12)
FETCHED = "3.13"
NO_PYTHON = (
    "there is no Python 3.12 or newer on PATH or under ~/.pyenv/versions, and uv could not fetch one. "
    "Install one (pyenv install 3.13, or apt-get install python3.13 where there is that package) and try again."
)
LOCKS = {"run": "requirements.lock", "test": "requirements-test.lock"}
NEEDS_TESTS = {"test", "check", "lock"}


class SetupError(Exception):
    """The environment cannot be made; the message holds the command that helps."""


def main(arguments: list[str]) -> None:
    """Set up what is missing and become the second stage."""
    if arguments[:1] in (["down"], ["status"]) and not STAMP.exists():
        say("Reviewapp does not run here; it was never set up. Start it with ./dev up.")
        sys.exit(0 if arguments == ["down"] else 3)
    group = "test" if arguments and arguments[0] in NEEDS_TESTS else "run"
    try:
        ensure_environment(group)
    except SetupError as error:
        sys.exit(f"./dev: {error}")
    python = str(VENV / "bin" / "python")
    os.environ["PATH"] = f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    os.environ["VIRTUAL_ENV"] = str(VENV)
    os.environ.pop("PYTHONHOME", None)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # processes start by the dozen, and each would compile everything
    os.execv(python, [python, "-m", "reviewapp.dev", *arguments])


def ensure_environment(group: str) -> None:
    """Make `.venv` match the lock of `group`; costs nothing when the stamp already says so."""
    if is_current(group):
        return
    TOOLS.mkdir(parents=True, exist_ok=True)
    with (TOOLS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_current(group):
            return
        # An environment that once had the tests' packages keeps them: `up` after `test` removes nothing.
        if group == "run" and (VENV / "bin" / "pytest").exists():
            group = "test"
        say(f"Setting up .venv from {LOCKS[group]} …")
        began = time.monotonic()
        uv = ensure_uv()
        if not works(VENV / "bin" / "python"):
            python = find_python()
            say(f"Python: {python or FETCHED + ', which uv fetches'}")
            make = (uv, "venv", "--quiet", "--clear", "--no-project", "--python", str(python or FETCHED), str(VENV))
            if not quietly(*make):
                raise SetupError(NO_PYTHON if python is None else f"this failed: {' '.join(make)}")
        venv_python = str(VENV / "bin" / "python")
        run(uv, "pip", "sync", "--quiet", "--require-hashes", "--python", venv_python, str(ROOT / LOCKS[group]))
        STAMP.write_text(f"{group} {fingerprint(group)}\n")
        say(f"Environment ready after {time.monotonic() - began:.0f} s.")


def is_current(group: str) -> bool:
    """Whether `.venv` was synced from today's lock of `group`, or from that of the tests, which includes it."""
    if not STAMP.exists() or not (VENV / "bin" / "python").exists():
        return False
    has, _, digest = STAMP.read_text().strip().partition(" ")
    return has in ("test", group) and digest == fingerprint(has)


def fingerprint(group: str) -> str:
    """Digest of the lock file of `group`."""
    return hashlib.sha256((ROOT / LOCKS[group]).read_bytes()).hexdigest()


def find_python() -> "Path | None":
    """A Python new enough: from PATH, else from pyenv's versions folder; None lets uv fetch one."""
    for candidate in candidates():
        if works(candidate):
            return candidate
    return None


def candidates() -> Iterator[Path]:
    """Where an interpreter may be, best first."""
    for name in ("python3.13", "python3.14", "python3.12", "python3"):
        if found := shutil.which(name):
            yield Path(found)
    versions = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
    folders = [folder for folder in versions.glob("3.1[2-9]*") if re.fullmatch(r"[\d.]+", folder.name)]
    for folder in sorted(folders, key=lambda found: [int(part) for part in found.name.split(".")], reverse=True):
        yield folder / "bin" / "python3"


def works(python: Path) -> bool:
    """Whether `python` runs and is new enough."""
    program = f"import sys; sys.exit(sys.version_info < {OLDEST})"
    try:
        return subprocess.run([str(python), "-Ic", program], capture_output=True, timeout=30).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def ensure_uv() -> str:
    """The pinned uv in an environment of its own, else any uv on PATH.

    Raises SetupError when this machine offers no way to install one.
    """
    private = TOOLS / UV / "bin" / "uv"
    if private.exists():
        return str(private)
    for install in (uv_by_venv, uv_by_pip):
        if install(private.parent.parent):
            return str(private)
    if on_path := shutil.which("uv"):
        return on_path
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say("Installing python3-venv with apt-get, because this Python cannot make environments …")
        apt_get("python3-venv")
        if uv_by_venv(private.parent.parent):
            return str(private)
    raise SetupError(
        "cannot install uv: this Python has neither venv nor pip, or the package index did not answer. "
        "Try: sudo apt-get install python3-venv"
    )


def uv_by_venv(folder: Path) -> bool:
    """Install uv into a venv at `folder`; False when no Python here can."""
    for python in (find_python(), Path(sys.executable), Path("/usr/bin/python3")):
        if python and can_import(python, "ensurepip") and quietly(str(python), "-m", "venv", "--clear", str(folder)):
            return quietly(str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", UV)
    return False


def uv_by_pip(folder: Path) -> bool:
    """Install uv below `folder` with a pip that is already there; False when there is none."""
    for python in (find_python(), Path(sys.executable), Path("/usr/bin/python3")):
        if python and can_import(python, "pip"):
            return quietly(str(python), "-m", "pip", "install", "--quiet", "--target", str(folder), UV)
    return False


def can_import(python: Path, module: str) -> bool:
    """Whether `python` has `module`; Debian ships its Python without ensurepip."""
    return subprocess.run([str(python), "-Ic", f"import {module}"], capture_output=True).returncode == 0


def apt_get(*packages: str) -> None:
    """Install Debian packages without questions. Raises SetupError when apt-get fails."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-q"], ["install", "-qy", "--no-install-recommends", *packages]):
        done = subprocess.run(["apt-get", *command], env=environment, stdout=subprocess.DEVNULL)
    if done.returncode != 0:
        raise SetupError(f"apt-get install {' '.join(packages)} failed; its messages are above.")


def quietly(*command: str) -> bool:
    """Run a command whose failure has an alternative; its errors stay visible."""
    return subprocess.run(command, stdout=subprocess.DEVNULL).returncode == 0


def run(*command: str) -> None:
    """Run a command that must succeed. Raises SetupError with the command line."""
    if subprocess.run(command, cwd=ROOT).returncode != 0:
        raise SetupError(f"this failed, its messages are above: {' '.join(command)}")


def say(message: str) -> None:
    """Tell the person what happens."""
    sys.stderr.write(f"\033[2m{message}\033[0m\n" if sys.stderr.isatty() else f"{message}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
