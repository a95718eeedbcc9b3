import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from annotations.agreement.statistics.alpha import RESAMPLES
from annotations.agreement.statistics.ratings import Level
from annotations.agreement.statistics.summary import Summary, summarize
from reviewapp.command_line import agreement_report
from reviewapp.command_line.rating_file import RatingFile, UnreadableError, read_ratings

SCHEMA = "reviewapp.agreement/1"


class Command(BaseCommand):
    help = (
        "How far raters agree, from a CSV file with a row per item and a column per rater, or with a row per rating "
        "under a heading such as item,rater,rating. Nothing is stored. Exit status: 0, or 2 when the file has faults."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the CSV file; empty cells and NA are missing ratings")
        parser.add_argument("--level", choices=[str(level) for level in Level], default=str(Level.NOMINAL))
        parser.add_argument(
            "--domain", metavar="VALUES", help='the whole scale, as "1..5" or "low,medium,high"; else what occurs'
        )
        parser.add_argument("--resamples", type=_count, default=RESAMPLES, help=f"of the bootstrap ({RESAMPLES:,})")
        parser.add_argument("--seed", type=int, default=0, help="of the bootstrap (0)")
        parser.add_argument("--json", action="store_true", help="print everything as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            read = read_ratings(options["file"], options["domain"])
        except UnreadableError as error:
            raise CommandError(str(error), returncode=2) from error
        level = Level(options["level"])
        summary = summarize(read.ratings, level, resamples=options["resamples"], seed=options["seed"])
        if options["json"]:
            self.stdout.write(json.dumps(_plain(read, summary, options), indent=2, ensure_ascii=False))
        else:
            agreement_report.show(read, summary, Console(highlight=False, width=None if sys.stdout.isatty() else 100))


def _plain(read: RatingFile, summary: Summary, options: dict[str, Any]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "file": str(options["file"]),
        "level": summary.level,
        "domain": list(read.ratings.values),
        "domain_declared": read.declared,
        "items": {"found": summary.found, "used": summary.items},
        "ratings": summary.ratings,
        "raters": summary.raters,
        "resamples": options["resamples"],
        "seed": options["seed"],
        "alpha": {**asdict(summary.headline.estimate), "below_667": summary.headline.below},
        "coefficients": {name: asdict(estimate) for name, estimate in summary.coefficients.items()},
        "categories": [asdict(category) for category in summary.categories],
        "pairs": [
            {"raters": [read.raters[one], read.raters[other]], "items": shared, "agreed": agreed}
            for one, other, shared, agreed in agreement_report.pairs(read)
        ],
    }


def _count(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 1_000_000:
        raise ValueError(text)
    return number
