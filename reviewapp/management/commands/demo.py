from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from annotations.accounts.models import Project
from reviewapp import demo


class Command(BaseCommand):
    help = "Make the demo project with its people and ten example tasks; or print its logins."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--logins", action="store_true", help="only print who can sign in, and how")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["logins"]:
            demo.seed()
        elif not Project.objects.filter(slug=demo.SLUG).exists():
            return
        for login, role in demo.PEOPLE:
            self.stdout.write(f"  {login.email:18} {role.label:7} {login.part}")
        self.stdout.write(f"  password for all:  {demo.password()}")
