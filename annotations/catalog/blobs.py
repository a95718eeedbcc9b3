"""The blob store: bytes by sha256 in Django's default storage, written once and never changed."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage

from annotations.catalog.models import Blob

CHUNK = 1024 * 1024


def put(content: bytes) -> Blob:
    """Store the bytes and return their blob; storing the same bytes again is free."""
    return _put(hashlib.sha256(content).hexdigest(), len(content), ContentFile(content))


def put_file(path: Path, *, sha256: str) -> Blob:
    """Store a file whose sha256 the caller has computed while reading it."""
    with path.open("rb") as stream:
        return _put(sha256, path.stat().st_size, File(stream))


def _put(sha256: str, size: int, content: File) -> Blob:  # type: ignore[type-arg]  # File's own parameter varies
    name = storage_name(sha256)
    if not _is_whole(name, size):
        default_storage.delete(name)  # what a crash in mid-write left behind
        default_storage.save(name, content)
    blob, _ = Blob.objects.get_or_create(sha256=sha256, defaults={"size": size})
    return blob


def _is_whole(name: str, size: int) -> bool:
    return default_storage.exists(name) and default_storage.size(name) == size


def storage_name(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def open_blob(sha256: str) -> IO[bytes]:
    """Open the content for reading; the caller closes it."""
    return default_storage.open(storage_name(sha256), "rb")


def chunks(sha256: str) -> Iterator[bytes]:
    """The content in pieces of at most 1 MiB."""
    with open_blob(sha256) as stream:
        while piece := stream.read(CHUNK):
            yield piece


def head(sha256: str, limit: int) -> bytes:
    """The first `limit` bytes of the content."""
    with open_blob(sha256) as stream:
        return stream.read(limit)
