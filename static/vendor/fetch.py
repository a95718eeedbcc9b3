"""Write the third-party files of LOCK.toml, and the icon sprite, from the npm packages they come from.

Run `python static/vendor/fetch.py` after changing LOCK.toml; `--check` writes nothing and fails when a file differs.
"""

import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any

VENDOR = Path(__file__).resolve().parent
ICONS = VENDOR.parent / "icons.svg"


def pack(name: str, version: str, sha256: str, into: Path) -> tarfile.TarFile:
    """Return the opened npm package; raise SystemExit when its bytes are not the locked ones."""
    command = ["npm", "pack", "--silent", f"{name}@{version}", "--pack-destination", str(into)]
    archive = into / subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1]
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != sha256:
        raise SystemExit(f"{name}@{version}: sha256 is {found}, LOCK.toml says {sha256}")
    return tarfile.open(archive)


def member(archive: tarfile.TarFile, path: str) -> bytes:
    """Return one file of the package; raise SystemExit when it has no such file."""
    file = archive.extractfile(f"package/{path}")
    if file is None:
        raise SystemExit(f"{path} is not a file of the package")
    return file.read()


def package_files(package: dict[str, Any], archive: tarfile.TarFile) -> dict[Path, bytes]:
    """Return what one package contributes to this folder, its licence included."""
    files = {
        VENDOR / file["to"]: b"\n".join(without_map(member(archive, path)) for path in file["from"])
        for file in package.get("file", [])
    }
    licence = VENDOR / "licences" / f"{package['name'].split('/')[-1]}.txt"
    return files | {licence: member(archive, package["licence_file"])}


def without_map(content: bytes) -> bytes:
    """Drop the pointer to a source map, which is not vendored and would be a 404 in the developer tools."""
    return re.sub(rb"\n?//# sourceMappingURL=\S+\s*$", b"", content)


def sprite(icons: dict[str, Any], archive: tarfile.TarFile) -> bytes:
    """Return the SVG sprite with one symbol per icon and one per state."""
    symbols = {name: name for name in icons["names"]}
    symbols |= {f"state-{state}": name for state, name in icons["states"].items()}
    body = "\n".join(symbol(key, member(archive, f"icons/{name}.svg").decode()) for key, name in symbols.items())
    return f'<svg xmlns="http://www.w3.org/2000/svg"><!-- Lucide, ISC licence -->\n{body}\n</svg>\n'.encode()


def symbol(key: str, svg: str) -> str:
    """Return an icon's shapes as a symbol; strokes inherit the place where it is used."""
    shapes = " ".join(re.sub(r"^.*?<svg[^>]*>|</svg>", "", svg, flags=re.S).split()).replace(" />", "/>")
    return f'<symbol id="{key}" viewBox="0 0 24 24">{shapes}</symbol>'


def wanted() -> dict[Path, bytes]:
    """Return every file that LOCK.toml describes, by the path it belongs at."""
    lock = tomllib.loads((VENDOR / "LOCK.toml").read_text())
    files: dict[Path, bytes] = {}
    with tempfile.TemporaryDirectory() as folder:
        for package in lock["package"]:
            with pack(package["name"], package["version"], package["sha256"], Path(folder)) as archive:
                files |= package_files(package, archive)
                if package["name"] == "lucide-static":
                    files[ICONS] = sprite(lock["icons"], archive)
    return files


def main(*, check: bool) -> None:
    """Write the files, or only compare them; exit 1 on a difference when comparing."""
    stale = {p: c for p, c in wanted().items() if not p.exists() or p.read_bytes() != c}
    for path, content in stale.items():
        print(f"{'differs' if check else 'wrote'} {path.relative_to(VENDOR.parent)}")
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
    sys.exit(check and bool(stale))


if __name__ == "__main__":
    main(check="--check" in sys.argv[1:])
