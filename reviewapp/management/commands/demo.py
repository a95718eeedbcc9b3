from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from annotations.accounts.models import Project
from reviewapp import demo
from reviewapp.demo import history


class Command(BaseCommand):
    help = (
        "Make the demo project with its people and ten example tasks; with --cases, one with weeks of work behind it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--logins", action="store_true", help="only print who can sign in, and how")
        parser.add_argument("--cases", type=int, default=0, help="also make a project with so many cases and a past")
        parser.add_argument("--seed", type=int, default=1, help="another number, another past (default: 1)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["logins"]:
            demo.seed()
        elif not Project.objects.filter(slug=demo.SLUG).exists():
            return
        if options["cases"]:
            history.seed(options["cases"], seed=options["seed"], on_day=self._tell)
        lived = Project.objects.filter(slug=history.SLUG).exists()
        newcomer = [(history.NEWCOMER, demo.EXPERT)] if lived else []
        for login, role in (*demo.PEOPLE, *newcomer):
            self.stdout.write(f"  {login.email:18} {role.label:7} {login.part}")
        self.stdout.write(f"  password for all:  {demo.password()}")

    def _tell(self, day: int, days: int) -> None:
        self.stderr.write(f"\r  day {day} of {days}", ending="\n" if day == days else "")
