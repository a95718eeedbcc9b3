"""Hostile archives: each is refused by name, in bounded memory, and nothing stays on disk."""

import gzip
import io
import struct
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness import bundle
from harness.limits import MIB, BundleLimits
from harness.problems import BundleError
from tests.harness.bundles import SOUND, Files, member, tarred, zipped

type Unpack = Callable[..., bundle.Bundle]
type Refuse = Callable[..., list[str]]


@pytest.fixture
def unpack(tmp_path: Path) -> Unpack:
    def unpacked(archive: bytes, limits: BundleLimits | None = None) -> bundle.Bundle:
        packed, into = tmp_path / "upload", tmp_path / "into"
        packed.write_bytes(archive)
        into.mkdir()
        return bundle.unpack(packed, into, limits=limits)

    return unpacked


@pytest.fixture
def refuse(unpack: Unpack, tmp_path: Path) -> Iterator[Refuse]:
    """Unpack, expect refusal, and hold that nothing is left and no message tells where this machine keeps files."""

    def refused(archive: bytes, limits: BundleLimits | None = None) -> list[str]:
        with pytest.raises(BundleError) as error:
            unpack(archive, limits)
        return [str(problem) for problem in error.value.problems]

    yield refused
    assert list((tmp_path / "into").iterdir()) == []
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_it_unpacks_files_with_their_bytes_and_executable_bits(pack: Callable[[Files], bytes], unpack: Unpack) -> None:
    found = unpack(pack(SOUND))
    assert [file.path for file in found.files] == sorted(SOUND)
    assert {file.path for file in found.files if file.executable} == {"solution/solve.sh", "tests/test.sh"}
    assert found.instruction == SOUND["instruction.md"]


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_it_enters_one_enclosing_folder(pack: Callable[[Files], bytes], unpack: Unpack) -> None:
    found = unpack(pack({f"ledger/{path}": content for path, content in SOUND.items()}))
    assert found.root.name == "ledger"
    assert len(found.files) == len(SOUND)


def test_it_takes_names_that_start_with_a_dot_and_folder_entries(unpack: Unpack) -> None:
    folders = [member(name, kind=tarfile.DIRTYPE) for name in ("./", "./tests")]
    assert len(unpack(tarred({f"./{path}": content for path, content in SOUND.items()}, *folders)).files) == len(SOUND)


def test_it_passes_over_what_a_mac_adds(unpack: Unpack) -> None:
    wrapped = {f"ledger/{path}": content for path, content in SOUND.items()}
    assert unpack(zipped({**wrapped, "__MACOSX/ledger/._task.toml": "x"})).name == "acme/ledger"


@pytest.mark.parametrize("pack", [zipped, tarred])
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../evil", "points outside"),
        ("tests/../../evil", "points outside"),
        ("/evil", "points outside"),
        ("//evil", "points outside"),
        ("C:evil", "points outside"),
        ("tests\\..\\evil", "backslash"),
        ("tests/a\nb", "control character"),
        ("tests/a\x1b[2Jb", "control character"),
        ("tests/a\x7fb", "control character"),
        ("tests/" + "a" * 250, "longer than 240"),
        ("tests/" + "é" * 200, "longer than"),
        ("tests/" + "a/" * 200 + "b", "longer than 240"),
        ("Tests/test.sh", "only in case"),
        ("tests/TEST.sh", "only in case"),
        ("task.toml", "twice"),
        ("task.toml/inner", "both a file and a folder"),
        ("tests", "twice"),
    ],
)
def test_it_refuses_names_that_are_not_safe(
    pack: Callable[[Files], bytes], name: str, reason: str, refuse: Refuse, recwarn: pytest.WarningsRecorder
) -> None:
    packed = tarred(SOUND, member(name)) if pack is tarred else appended(zipped(SOUND), name)
    assert reason in refuse(packed)[0]


def appended(archive: bytes, name: str) -> bytes:
    """The zip with one more entry, which may repeat a name."""
    held = io.BytesIO(archive)
    with zipfile.ZipFile(held, "a") as source:
        info = zipfile.ZipInfo("placeholder")
        info.filename = name
        source.writestr(info, b"x")
    return held.getvalue()


@pytest.mark.parametrize(
    ("kind", "link"),
    [
        (tarfile.SYMTYPE, "/etc/passwd"),
        (tarfile.SYMTYPE, "task.toml"),
        (tarfile.LNKTYPE, "task.toml"),
        (tarfile.LNKTYPE, "/etc/passwd"),
        (tarfile.CHRTYPE, ""),
        (tarfile.BLKTYPE, ""),
        (tarfile.FIFOTYPE, ""),
        (tarfile.GNUTYPE_SPARSE, ""),
        (b"Z", ""),
    ],
)
def test_it_refuses_links_and_devices_in_a_tar(kind: bytes, link: str, refuse: Refuse) -> None:
    problems = refuse(tarred(SOUND, member("tests/odd", kind=kind, link=link)))
    assert "tests/odd" in problems[0] or "damaged" in problems[0]


@pytest.mark.parametrize("mode", [0o120777, 0o020666, 0o060666, 0o010666, 0o140777])
def test_it_refuses_links_and_devices_in_a_zip(mode: int, refuse: Refuse) -> None:
    held = io.BytesIO(zipped(SOUND))
    with zipfile.ZipFile(held, "a") as source:
        info = zipfile.ZipInfo("tests/odd")
        info.external_attr = mode << 16
        source.writestr(info, b"/etc/passwd")
    assert refuse(held.getvalue())[0].startswith("tests/odd: is a link or a device")


def test_it_refuses_a_tar_name_that_is_not_utf8(refuse: Refuse) -> None:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz", format=tarfile.GNU_FORMAT, encoding="latin-1") as archive:
        archive.addfile(member("tests/caf\xe9"))
    assert "not UTF-8" in refuse(held.getvalue())[0]


@pytest.mark.parametrize("is_flagged", [True, False])
def test_it_refuses_a_zip_name_that_is_not_utf8(is_flagged: bool, refuse: Refuse) -> None:
    packed = zipped({**SOUND, "tests/caf_": "x"}).replace(b"tests/caf_", b"tests/caf\xe9")
    if is_flagged:
        packed = with_flag(packed, 0x800)
    assert refuse(packed)


def with_flag(archive: bytes, flag: int) -> bytes:
    """The zip with a general-purpose flag set on its last entry, in both places that hold it."""
    changed = bytearray(archive)
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = changed.rfind(signature) + offset
        changed[at : at + 2] = struct.pack("<H", struct.unpack_from("<H", changed, at)[0] | flag)
    return bytes(changed)


def test_it_refuses_a_nul_in_a_zip_name(refuse: Refuse) -> None:
    packed = zipped({**SOUND, "tests/a_b": "x"}).replace(b"tests/a_b", b"tests/a\0b")
    assert "control character" in refuse(packed)[0]


def test_it_refuses_an_encrypted_zip(refuse: Refuse) -> None:
    assert "encrypted" in refuse(with_flag(zipped(SOUND), 0x1))[0]


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_it_refuses_packings_that_cannot_be_read_in_bounded_memory(packing: int, refuse: Refuse) -> None:
    assert "uncommon" in refuse(zipped(SOUND, packing=packing))[0]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "neither a .zip nor a .tar.gz"),
        (b"hello", "neither a .zip nor a .tar.gz"),
        (b"PK", "damaged"),
        (b"PK\x03\x04" + b"\0" * 60, "damaged"),
        (b"\x1f\x8b", "damaged"),
        (gzip.compress(b""), "damaged"),
        (gzip.compress(b"not a tar at all" * 100), "damaged"),
        (zipped({}), "no files"),
        (tarred({}), "no files"),
        (tarred({}, member("tests", kind=tarfile.DIRTYPE)), "no files"),
    ],
)
def test_it_refuses_what_is_no_archive_or_holds_nothing(content: bytes, reason: str, refuse: Refuse) -> None:
    assert reason in refuse(content)[0]


@pytest.mark.parametrize("pack", [zipped, tarred])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9, 0.99])
def test_it_refuses_an_archive_that_was_cut_off(pack: Callable[[Files], bytes], kept: float, refuse: Refuse) -> None:
    packed = pack({**SOUND, "tests/data.bin": bytes(range(256)) * 400})
    assert "damaged" in refuse(packed[: int(len(packed) * kept)])[0]


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_it_refuses_an_archive_whose_content_does_not_fit_its_checksum(
    pack: Callable[[Files], bytes], refuse: Refuse
) -> None:
    packed = bytearray(pack(SOUND))
    if pack is tarred:
        packed[-8] ^= 0xFF
    else:
        at = packed.find(b"PK\1\2") + 16
        packed[at] ^= 0xFF
    assert "damaged" in refuse(bytes(packed))[0]


SMALL = BundleLimits(max_files=20, max_bytes=4 * MIB, max_file_bytes=2 * MIB, max_ratio=10**9)


@pytest.mark.parametrize("pack", [zipped, tarred])
@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ({"tests/big": b"\0" * (2 * MIB + 1)}, "tests/big: is larger than 2 MiB"),
        ({f"tests/{n}": b"\0" * (2 * MIB) for n in range(3)}, "unpacks to more than 4 MiB"),
        ({f"tests/{n}": b"" for n in range(30)}, "more than 20 files"),
    ],
)
def test_it_keeps_to_the_limits(pack: Callable[[Files], bytes], extra: Files, reason: str, refuse: Refuse) -> None:
    assert reason in refuse(pack({**SOUND, **extra}), SMALL)[0]


def test_it_refuses_a_file_that_is_larger_than_any_upload_may_be(refuse: Refuse) -> None:
    assert "larger than 0 MiB" in refuse(zipped(SOUND), BundleLimits(max_archive_bytes=100))[0]


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_it_refuses_too_high_a_ratio(pack: Callable[[Files], bytes], refuse: Refuse) -> None:
    assert "times its size" in refuse(pack({**SOUND, "tests/big": b"\0" * (20 * MIB)}))[0]


def test_it_does_not_believe_the_sizes_a_zip_declares(refuse: Refuse) -> None:
    packed = bytearray(zipped({**SOUND, "tests/big": b"\0" * (20 * MIB)}))
    for signature, offset in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        struct.pack_into("<L", packed, packed.rfind(signature) + offset, 10)
    assert refuse(bytes(packed))


def bomb(size: int) -> bytes:
    """A .tar.gz that declares and holds one file of this many zeros, made without holding them."""
    held = io.BytesIO()
    with gzip.open(held, "wb", compresslevel=9) as out:
        info = member("tests/zeros")
        info.size = size
        out.write(info.tobuf(tarfile.GNU_FORMAT))
        for _ in range(size // MIB):
            out.write(b"\0" * MIB)
    return held.getvalue()


@pytest.mark.slow  # packs a gigabyte of zeros
def test_it_refuses_a_bomb_in_bounded_memory(refuse: Refuse) -> None:
    packed = bomb(1024 * MIB)
    tracemalloc.start()
    problems = refuse(packed)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert problems == ["tests/zeros: is larger than 50 MiB"]
    assert peak < 16 * MIB


def test_it_refuses_a_tar_header_as_large_as_a_file(refuse: Refuse) -> None:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz", format=tarfile.PAX_FORMAT) as archive:
        info = member("tests/x")
        info.pax_headers = {"comment": "0" * (40 * MIB)}
        archive.addfile(info)
    packed = held.getvalue()
    tracemalloc.start()
    assert "header" in refuse(packed)[0]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 * MIB


@pytest.mark.slow  # makes archives of a hundred thousand entries
@pytest.mark.parametrize("pack", [zipped, tarred])
def test_it_refuses_a_hundred_thousand_entries(pack: Callable[[Files], bytes], refuse: Refuse) -> None:
    assert "more than" in refuse(pack({f"tests/{n}": b"" for n in range(100_000)}))[0]


def test_it_refuses_a_tar_whose_list_of_entries_breaks_off(refuse: Refuse) -> None:
    plain = bytearray(gzip.decompress(tarred(SOUND)))
    second = plain.find(b"instruction.md\0")
    plain[second] ^= 0xFF
    assert "damaged" in refuse(gzip.compress(plain))[0]


def test_it_does_not_touch_a_folder_that_is_not_empty(tmp_path: Path) -> None:
    (tmp_path / "into").mkdir()
    (tmp_path / "into" / "mine").write_text("keep")
    (tmp_path / "upload").write_bytes(b"no archive")
    with pytest.raises(ValueError, match="not empty"):
        bundle.unpack(tmp_path / "upload", tmp_path / "into")
    assert (tmp_path / "into" / "mine").read_text() == "keep"
