"""Second stage of `./dev`: read the command line and do what it says, inside the environment."""

import argparse
import sys
from collections.abc import Callable

from reviewapp.dev import backing, checks, up
from reviewapp.dev.places import Places
from reviewapp.services import ServiceError

PORT = 8000
# Their arguments belong to another program, so that argparse must not look at them.
PASSED_ON: dict[str, Callable[[Places, list[str]], int]] = {
    "test": checks.test,
    "check": checks.check,
    "tour": up.tour,
    "lock": checks.lock,
    "manage": checks.manage,
}
PASSED_ON_HELP = {
    "test": "run the tests on servers of their own; arguments go to pytest",
    "check": "format, lint, types, import contracts, templates, missing migrations",
    "tour": "play the main job without a browser, narrated",
    "lock": "write the hashed lock files anew; --upgrade for newer versions",
    "manage": "Django's manage.py with this clone's settings",
}


def parser() -> argparse.ArgumentParser:
    """The command line of `./dev`."""
    top = argparse.ArgumentParser(prog="./dev", description="Run, test and look after Reviewapp.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    start = commands.add_parser("up", help="set up what is missing and run everything")
    start.add_argument("--port", type=int, default=PORT, help=f"of the web server, on localhost (default {PORT})")
    start.add_argument("--no-demo", action="store_true", help="no demo project on the first start")
    start.add_argument("--detach", action="store_true", help="leave it running in the background")
    commands.add_parser("down", help="stop what runs in the background")
    commands.add_parser("status", help="each process, the engine, the address and its health")
    for name, text in PASSED_ON_HELP.items():
        commands.add_parser(name, help=text, add_help=False)
    services = commands.add_parser("services", help="only Postgres and the broker; prints the settings to use")
    services.add_argument("--detach", action="store_true", help="leave them running in the background")
    return top


def main(arguments: list[str]) -> int:
    """Run one command and return its exit status."""
    try:
        if arguments and arguments[0] in PASSED_ON:
            return PASSED_ON[arguments[0]](Places.of(), arguments[1:])
        return _run(parser().parse_args(arguments))
    except ServiceError as error:
        sys.stderr.write(f"./dev: {error}\n")
        return 1


def _run(options: argparse.Namespace) -> int:
    places = Places.of()
    match options.command:
        case "up":
            return up.up(places, port=options.port, demo=not options.no_demo, detach=options.detach)
        case "down":
            return up.down(places)
        case "status":
            return up.status(places)
        case _:
            return backing.serve(places, detach=options.detach)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
