from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from harness import baseimages
from harness.engine import Engine


class Command(BaseCommand):
    help = "Make sure base images exist: present, pulled, or built as labelled stand-ins from Debian's archive."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tags", nargs="*", default=["debian:bookworm-slim", "python:3.13-slim"])

    def handle(self, *args: Any, **options: Any) -> None:
        engine = Engine.connect(settings.ENGINE_URL)
        for tag in options["tags"]:
            image = baseimages.ensure(engine, tag)
            kind = "stand-in built from Debian's archive" if image.stand_in else "the image of that name"
            self.stdout.write(f"{image.tag}: {kind}")
