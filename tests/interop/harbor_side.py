"""Runs under harbor's own Python: what harbor makes of each folder named, as one line of JSON."""

import importlib
import json
import sys
from pathlib import Path
from typing import Any


def described(folder: Path) -> dict[str, Any]:
    """Harbor's digest of the folder, the files it goes over, and the instruction; `refused` if it does not load."""
    packager = importlib.import_module("harbor.publisher.packager").Packager
    task = importlib.import_module("harbor.models.task.task").Task
    digest, files = packager.compute_content_hash(folder)
    names = [file.relative_to(folder.resolve()).as_posix() for file in files]
    try:
        loaded = task(folder)
    except Exception as error:  # noqa: BLE001 - whatever harbor raises is its verdict
        return {"digest": digest, "files": names, "refused": str(error)}
    return {"digest": digest, "files": names, "name": loaded.name, "instruction": loaded.instruction}


if __name__ == "__main__":
    json.dump([described(Path(folder)) for folder in sys.argv[1:]], sys.stdout)
