"""The programs of Reviewapp: web server, workers and beat."""

import os
import sys
from collections.abc import Mapping

from reviewapp.dev.places import Places
from reviewapp.dev.processes import Program

# Pages that follow a check poll every 30 s at the longest; a connection should outlive the pause.
KEEP_ALIVE = "75"
CHECKS_AT_ONCE = str(max(2, os.cpu_count() or 2))  # slots; how many runs there is room for is counted for each host


def all_of(places: Places, env: Mapping[str, str], port: int) -> tuple[Program, ...]:
    """Every program that `./dev up` runs, in the order in which they start."""
    return (
        _python(places, env, "web", 2, "gunicorn", *web_options(port)),
        _worker(places, env, "checks", "checks", CHECKS_AT_ONCE),
        _worker(places, env, "jobs", "default,judge", "2"),
        _python(places, env, "beat", 2, "celery", "-A", "reviewapp", "beat", "-l", "WARNING", "--pidfile="),
    )


def manage(*arguments: str) -> tuple[str, ...]:
    """The command line of one of Django's management commands."""
    return (sys.executable, "manage.py", *arguments)


def _python(places: Places, env: Mapping[str, str], name: str, stage: int, module: str, *rest: str) -> Program:
    argv = (sys.executable, "-m", module, *rest)
    return Program(name=name, argv=argv, env=env, cwd=places.root, stage=stage)


def web_options(port: int) -> tuple[str, ...]:
    """Gunicorn's arguments."""
    workers = str((os.cpu_count() or 2) + 1)  # one waits for Postgres while others work
    return (
        *("reviewapp.wsgi:application", "--bind", f"127.0.0.1:{port}", "--no-control-socket"),
        *("--worker-class", "reviewapp.webworker.Worker", "--workers", workers, "--threads", "4"),
        *("--keep-alive", KEEP_ALIVE, "--graceful-timeout", "2", "--log-level", "warning"),
    )


def _worker(places: Places, env: Mapping[str, str], name: str, queues: str, threads: str) -> Program:
    options = ("-Q", queues, "-P", "threads", "-c", threads, "-n", f"{name}@{places.instance}", "-l", "INFO")
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    return _python(places, env, name, 2, "celery", "-A", "reviewapp", "worker", *options, *quiet)
