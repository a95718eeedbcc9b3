from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reviewapp.tour import Tour, TourFailed


class Command(BaseCommand):
    help = "Walk a task from import to a released dataset against the running product; exit 0 if every step held."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", default="http://127.0.0.1:8000", help="where the web server answers")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            Tour(say=self._say, url=options["url"].rstrip("/")).run()
        except TourFailed as failure:
            raise CommandError(f"The tour stopped: {failure}.") from failure

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
