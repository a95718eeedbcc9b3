"""A release as bytes, streamed: a Harbor dataset tree in a .tar.gz, or one JSON line a task."""

import gzip
import io
import json
import tarfile
from collections.abc import Iterator
from typing import Any
from zlib import Z_BEST_SPEED

from annotations.catalog import blobs
from annotations.catalog.models import TaskFile, TaskVersion
from annotations.datasets import queries
from annotations.datasets.models import Release, ReleaseItem


class _Pipe(io.RawIOBase):
    """Where tarfile writes and the response reads, a task's worth at a time."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken


def harbor_tree(release: Release) -> Iterator[bytes]:
    """The release as a .tar.gz: dataset.toml, and each task below its own folder; the same bytes every time."""
    pipe = _Pipe()
    root = f"{release.dataset.slug}-{release.version}"
    with (
        gzip.GzipFile("", "wb", Z_BEST_SPEED, pipe, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as archive,
    ):
        _add(archive, f"{root}/dataset.toml", dataset_toml(release).encode())
        for item in queries.items(release).iterator(chunk_size=100):
            for file in item.task_version.files.select_related("blob"):
                _add_file(archive, f"{root}/{folder(item.task_version)}/{file.path}", file)
                yield pipe.take()
    yield pipe.take()


def _add(archive: tarfile.TarFile, path: str, content: bytes) -> None:
    entry = tarfile.TarInfo(path)
    entry.size, entry.mode = len(content), 0o644
    archive.addfile(entry, io.BytesIO(content))


def _add_file(archive: tarfile.TarFile, path: str, file: TaskFile) -> None:
    entry = tarfile.TarInfo(path)
    entry.size, entry.mode = file.blob.size, 0o755 if file.executable else 0o644
    with blobs.open_blob(file.blob_id) as stream:
        archive.addfile(entry, stream)


def folder(version: TaskVersion) -> str:
    """The folder a task stands in: the last part of its name."""
    return version.name.rpartition("/")[2]


def dataset_toml(release: Release) -> str:
    """Harbor's dataset manifest: every task by name and content hash."""
    dataset = release.dataset
    head = [
        'schema_version = "1.0"',
        "",
        "[dataset]",
        f"name = {_quoted(dataset.name)}",
        f"version = {_quoted(release.version)}",
        f"description = {_quoted(dataset.description or dataset.title)}",
    ]
    tasks = [
        f"\n[[tasks]]\nname = {_quoted(item.task_version.name)}\ndigest = {_quoted(item.task_version.digest)}"
        for item in queries.items(release).iterator(chunk_size=1000)
    ]
    return "\n".join([*head, *tasks]) + "\n"


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's escapes are a subset of TOML's."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def json_lines(release: Release) -> Iterator[bytes]:
    """One JSON object a task: name, digest, split, instruction, task.toml as read, files by sha256."""
    for item in queries.items(release).prefetch_related("task_version__files__blob").iterator(chunk_size=100):
        yield json.dumps(_line(release, item), ensure_ascii=False, sort_keys=True).encode() + b"\n"


def _line(release: Release, item: ReleaseItem) -> dict[str, Any]:
    version = item.task_version
    return {
        "dataset": release.dataset.name,
        "release": release.version,
        "name": version.name,
        "digest": version.digest,
        "split": item.split,
        "instruction": version.instruction,
        "config": version.config,
        "accepted_at": item.decision.decided_at.isoformat(),
        "files": [
            {"path": file.path, "sha256": file.blob_id, "size": file.blob.size, "executable": file.executable}
            for file in version.files.all()
        ],
    }
