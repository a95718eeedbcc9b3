"""Files that change while they are read back: a process the task left may still be writing to them."""

import time

import pytest

from harness.limits import MIB
from tests.harness.conftest import Boxes

SWAPS = "head -c 300k /dev/zero > /r; rm /r; ln -s /etc/passwd /r; rm /r; mkdir /r; rmdir /r"
RESIZES = "head -c 3M /dev/zero > /r; : > /r"


@pytest.mark.slow  # reads often enough to meet every state of the file
@pytest.mark.parametrize("restless", [SWAPS, RESIZES, "echo more >> /r"])
def test_it_reads_what_changes_under_its_hands_without_harm(box: Boxes, restless: str) -> None:
    with box() as container:
        container.run(f"(while :; do {restless}; done > /dev/null 2>&1 &)", timeout=5)
        until = time.monotonic() + 2
        while time.monotonic() < until:
            for found in (container.read("/r", limit=MIB), container.read_ends("/r", limit=1000)):
                assert b"root:" not in found.data
                assert found.refused in ("", "is not a regular file", "changed while it was read")
