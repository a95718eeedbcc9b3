"""Static files put together from others: people edit many small files, pages load few."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

# Every script keeps to a scope of its own, and a style sheet's addresses hold from its own folder.
BUNDLES = {
    "css/all.css": ("css/app.css", "css/work.css"),
    "js/shell.js": ("vendor/htmx.min.js", "js/keys.js", "js/live.js", "js/keep.js"),
    "js/reviewing.js": ("js/review.js", "js/autosave.js", "js/probes.js"),
}
BETWEEN = {".css": b"\n", ".js": b"\n;\n"}


class BundleFinder(BaseFinder):
    """Lets `collectstatic` and the development server find the bundles, which are made whenever they are asked for."""

    def __init__(self, *_: object, **__: object) -> None:
        self.storage = FileSystemStorage(location=settings.DATA_DIR / "bundles")

    def check(self, **_: object) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **_: object) -> Any:
        found = [str(self._made(path))] if path in BUNDLES else []
        return found if find_all else next(iter(found), None)

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        for path in BUNDLES:
            self._made(path)
            yield path, self.storage

    def _made(self, path: str) -> Path:
        """The bundle's file, written anew; one that is read at this moment stays whole."""
        target = Path(self.storage.path(path))
        target.parent.mkdir(parents=True, exist_ok=True)
        parts = [(settings.BASE_DIR / "static" / part).read_bytes() for part in BUNDLES[path]]
        unfinished = target.with_suffix(".part")
        unfinished.write_bytes(BETWEEN[target.suffix].join(parts))
        unfinished.replace(target)
        return target
