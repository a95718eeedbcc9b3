"""Bundles and archives that the tests of the reader start from."""

import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

type Files = Mapping[str, bytes | str]

SOUND: dict[str, bytes | str] = {
    "task.toml": '[task]\nname = "acme/ledger"\n',
    "instruction.md": "Put the ledger in order.\n",
    "environment/Dockerfile": "FROM scratch\n",
    "solution/solve.sh": "#!/bin/sh\ntrue\n",
    "tests/test.sh": "#!/bin/sh\necho 1 > /logs/verifier/reward.txt\n",
}


def folder(root: Path, files: Files) -> Path:
    """Write the files below the root; scripts (.sh) are executable."""
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(raw(content))
        target.chmod(0o755 if path.endswith(".sh") else 0o644)
    return root


def raw(content: bytes | str) -> bytes:
    return content.encode() if isinstance(content, str) else content


def zipped(files: Files, *, packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A .zip in memory; scripts (.sh) are executable."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", packing) as archive:
        for path, content in files.items():
            info = zipfile.ZipInfo(path)
            info.compress_type = packing
            info.external_attr = (0o100755 if path.endswith(".sh") else 0o100644) << 16
            archive.writestr(info, raw(content))
    return held.getvalue()


def member(name: str, content: bytes | str = b"", *, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    """A tar header for the content; scripts (.sh) are executable."""
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = len(raw(content)), kind, link
    info.mode = 0o755 if name.endswith(".sh") else 0o644
    return info


def tarred(files: Files, *extra: tarfile.TarInfo) -> bytes:
    """A .tar.gz in memory, with further headers at its end."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        for path, content in files.items():
            archive.addfile(member(path, content), io.BytesIO(raw(content)))
        for info in extra:
            archive.addfile(info, io.BytesIO(b"\0" * info.size))
    return held.getvalue()
