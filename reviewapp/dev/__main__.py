"""Second stage of `./dev`: read the command line and do what it says, inside the environment."""

import argparse
import sys

from reviewapp.dev import backing
from reviewapp.dev.places import Places
from reviewapp.services import ServiceError


def parser() -> argparse.ArgumentParser:
    """The command line of `./dev`."""
    top = argparse.ArgumentParser(prog="./dev", description="Run, test and look after Reviewapp.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    services = commands.add_parser("services", help="only Postgres and the broker; prints the settings to use")
    services.add_argument("--detach", action="store_true", help="leave them running in the background")
    test = commands.add_parser("test", help="run the tests; arguments go to pytest", add_help=False)
    test.add_argument("arguments", nargs=argparse.REMAINDER)
    return top


def main(arguments: list[str]) -> int:
    """Run one command and return its exit status."""
    options, rest = parser().parse_known_args(arguments)
    places = Places.of()
    try:
        match options.command:
            case "services":
                return backing.serve(places, detach=options.detach)
            case "test":
                from reviewapp.dev import checks

                return checks.test(places, rest + options.arguments)
    except ServiceError as error:
        sys.stderr.write(f"./dev: {error}\n")
        return 1
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
