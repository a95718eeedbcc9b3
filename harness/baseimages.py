"""Base images: present, pulled, or built as labelled stand-ins from Debian's archive.

A stand-in lets a closed network check tasks; it is not the image a Dockerfile names, so every result that used one
says so.
"""

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from docker.errors import APIError, NotFound

from harness.container import Cancelled
from harness.engine import LABEL, Engine
from harness.reading import dockerfile as dockerfiles

STAND_IN = "reviewapp.stand-in"
PULL_SECONDS = 300
TURN_SECONDS = 0.1
CA_VARIABLE = "REVIEWAPP_EXTRA_CA"
_CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
_CA_NAMES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
_PYTHON = re.compile(r"python:3(?:\.(?P<minor>\d+)(?:\.\d+)?)?(?:-(?P<variant>[\w-]+))?")
_DEBIAN = re.compile(r"debian:(?P<suite>bullseye|bookworm|trixie|stable|latest|1[123])(?:[.\d]*)(?:-slim|-\d+.*)?")
_SUITES = {"11": "bullseye", "12": "bookworm", "13": "trixie", "stable": "trixie", "latest": "trixie"}
_UBUNTU = re.compile(r"ubuntu:(2[024]\.04|latest|noble|jammy|focal).*")

_BUSYBOX = re.compile(r"busybox:(latest|stable|1|1\.\d+(\.\d+)?)(-\w+)?")

_BUSYBOX_USERS = r"root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n"

type Say = Callable[[str], None]


@dataclass(frozen=True)
class BaseImage:
    """An image a Dockerfile may start from."""

    tag: str
    stand_in: bool
    image_id: str


@dataclass(frozen=True)
class Recipe:
    """How a stand-in is made: the Debian suite and the packages it holds."""

    suite: str
    packages: tuple[str, ...]
    holds: str
    variant: str = "minbase"


class NoBaseImage(Exception):
    """The image is not here, cannot be pulled and cannot be stood in for; the message says what would help."""


def ensure(engine: Engine, tag: str, *, say: Say = lambda line: None) -> BaseImage:
    """The image of this tag: present, pulled, or built as a stand-in. Raises NoBaseImage."""
    with one_at_a_time(tag):
        return _found(engine, tag) or _pulled(engine, tag, say) or _built(engine, tag, say)


def bases_of(dockerfile: str) -> list[str]:
    """The images a Dockerfile starts from or copies out of: ARG defaults filled in, its own stages and scratch left
    out."""
    return list(dict.fromkeys(base.image for base in dockerfiles.bases(dockerfile)))


def _found(engine: Engine, tag: str) -> BaseImage | None:
    try:
        image = engine.client.images.get(tag)
    except NotFound:
        return None
    return BaseImage(tag, STAND_IN in (image.labels or {}), str(image.id))


def _pulled(engine: Engine, tag: str, say: Say) -> BaseImage | None:
    say(f"pulling {tag}")
    try:
        engine.client.api.pull(tag, stream=False)
    except (APIError, requests.RequestException):
        return None
    return _found(engine, tag)


def _built(engine: Engine, tag: str, say: Say) -> BaseImage:
    recipe = recipe_for(tag)
    if recipe is None:
        raise NoBaseImage(
            f"The base image {tag} is not here, no registry gave it, and {_why_none(tag)}. "
            f"Load it into the engine (`docker load`), or start the task from debian, python or ubuntu by tag."
        )
    say(f"building a stand-in for {tag} from Debian's archive ({recipe.holds})")
    with tempfile.TemporaryDirectory(prefix="reviewapp-base-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        root = folder / "root.tar"
        _bootstrap(recipe, root, tag)
        engine.client.api.import_image(src=str(root), repository=_root_of(tag))  # podman hears no tag beside it
        _finish(engine, tag, recipe, folder)
    found = _found(engine, tag)
    if found is None:
        raise NoBaseImage(f"The stand-in for {tag} was built but the engine does not list it.")
    return found


def recipe_for(tag: str) -> Recipe | None:
    """What stands in for a tag, or None where nothing does (alpine: another C library, so nothing honest)."""
    tag = tag.removeprefix("docker.io/").removeprefix("library/")
    tag = tag if ":" in tag else f"{tag}:latest"
    base = ("ca-certificates",)
    if match := _DEBIAN.fullmatch(tag):
        suite = _SUITES.get(match["suite"], match["suite"])
        return Recipe(suite, base, f"Debian {suite}")
    if _BUSYBOX.fullmatch(tag):
        return Recipe("bookworm", ("busybox-static",), "Debian's busybox", variant="extract")
    if _UBUNTU.fullmatch(tag):
        return Recipe("trixie" if "24.04" in tag or "latest" in tag else "bookworm", base, "Debian, not Ubuntu")
    if (match := _PYTHON.fullmatch(tag)) and "alpine" not in (match["variant"] or ""):
        old = match["minor"] is not None and int(match["minor"]) <= 11
        suite, minor = ("bookworm", "3.11") if old else ("trixie", "3.13")
        packages = (*base, "python3", "python3-pip", "python3-venv")
        return Recipe(suite, packages, f"Debian {suite} with Python {minor}")
    return None


def _why_none(tag: str) -> str:
    return "nothing can stand in for a digest" if "@" in tag else "there is no stand-in for it"


def _bootstrap(recipe: Recipe, target: Path, tag: str) -> None:
    with one_at_a_time("bootstrapper"):
        if shutil.which("mmdebstrap") is None:
            _install_bootstrapper(tag)
    command = ["mmdebstrap", f"--variant={recipe.variant}", "--quiet", f"--include={','.join(recipe.packages)}"]
    command += ['--aptopt=Acquire::Languages "none"', "--dpkgopt=path-exclude=/usr/share/doc/*"]
    done = subprocess.run(  # noqa: S603 (our own words and a checked suite)
        [*command, recipe.suite, str(target)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    if done.returncode:
        raise NoBaseImage(f"Debian's archive did not give a stand-in for {tag}: {done.stderr.strip()[-400:]}")


def _install_bootstrapper(tag: str) -> None:
    command = ["apt-get", "install", "-y", "--no-install-recommends", "mmdebstrap"]
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise NoBaseImage(f"To build a stand-in for {tag}, install mmdebstrap: `sudo {' '.join(command)}`.")
    subprocess.run(["apt-get", "update"], capture_output=True, check=False)  # noqa: S607 (Debian's own)
    patient = [*command, "-o", "DPkg::Lock::Timeout=300"]
    done = subprocess.run(patient, capture_output=True, text=True, check=False)  # noqa: S603 (fixed words)
    if done.returncode:
        raise NoBaseImage(f"mmdebstrap could not be installed: {done.stderr.strip()[-300:]}")


def _finish(engine: Engine, tag: str, recipe: Recipe, folder: Path) -> None:
    """Label the imported root, put `python` and extra certificate authorities in, and give it its tag."""
    lines = [f"FROM {_root_of(tag)}", f"LABEL {STAND_IN}={recipe.holds!r} {LABEL}.base=1"]
    if "busybox-static" in recipe.packages:
        lines.append('RUN ["/bin/busybox", "--install", "-s", "/bin"]')
        lines.append("RUN mkdir -p /tmp /root /etc && chmod 1777 /tmp")
        lines.append(f"RUN printf '{_BUSYBOX_USERS}' > /etc/passwd")
    if "python3" in recipe.packages:
        lines.append("RUN ln -sf python3 /usr/bin/python && ln -sf pip3 /usr/bin/pip")
        lines.append("RUN rm -f /usr/lib/python3*/EXTERNALLY-MANAGED")
    extra = [Path(path) for path in os.environ.get(CA_VARIABLE, "").split(",") if path.strip()]
    if extra and "ca-certificates" in recipe.packages:
        for number, path in enumerate(extra):
            shutil.copy(path, folder / f"extra-{number}.crt")
        lines.append("COPY extra-*.crt /usr/local/share/ca-certificates/")
        lines.append("RUN update-ca-certificates")
        lines.append("ENV " + " ".join(f"{name}={_CA_BUNDLE}" for name in _CA_NAMES))
    lines.append(f'CMD ["{_command(recipe)}"]')
    (folder / "Dockerfile").write_text("\n".join(lines) + "\n")
    (folder / ".dockerignore").write_text("root.tar\n")
    engine.client.images.build(path=str(folder), tag=tag, rm=True, forcerm=True, network_mode="none")


def _command(recipe: Recipe) -> str:
    commands = {"python3": "python3", "busybox-static": "sh"}
    return next((commands[package] for package in recipe.packages if package in commands), "bash")


def _root_of(tag: str) -> str:
    """What the bare root of a stand-in is called."""
    return f"reviewapp/stand-in:{_safe(tag)}"


def _safe(tag: str) -> str:
    return re.sub(r"[^\w.-]", "-", tag)[:120]


@contextmanager
def one_at_a_time(what: str, *, cancelled: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Let one worker of this host fetch or build a thing; the others find it when they get their turn.

    Raises Cancelled when somebody cancels while it waits.
    """
    path = Path(tempfile.gettempdir()) / f"reviewapp-{os.geteuid()}-base-{_safe(what)}.lock"
    with os.fdopen(os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600), "w") as lock:
        while not _locked(lock.fileno()):
            if cancelled():
                raise Cancelled
            time.sleep(TURN_SECONDS)  # the kernel's own wait for a lock cannot be given up
        yield


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
