"""How large an uploaded bundle may be."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True)
class BundleLimits:
    """Sizes in bytes, counts, and the unpacked to packed ratio above which an archive counts as a bomb."""

    max_files: int = 5_000
    max_bytes: int = 200 * MIB
    max_file_bytes: int = 50 * MIB
    max_archive_bytes: int = 100 * MIB
    max_ratio: int = 200
    max_path: int = 240
