"""What the reference solution produced, read out of a real container."""

import pytest

from harness.container import Container, Limits, started
from harness.engine import SNAPSHOT, Engine
from harness.mutation import produced, snapshot
from harness.mutation.produced import ProducedFile
from tests.harness.conftest import Boxes

MADE = (
    "mkdir -p /app/deep /app/__pycache__ && echo new > /app/deep/out.csv && chmod 640 /app/deep/out.csv"
    " && chown 65534:65534 /app/deep/out.csv && ln -s /bin /app/link && echo x > /app/__pycache__/a.pyc"
    " && echo x > /tmp/x && mkfifo /app/pipe"
)


def by_path(box: Container) -> dict[str, ProducedFile]:
    return {file.path: file for file in produced.of(box)}


@pytest.mark.slow  # starts containers
def test_it_reads_new_files_with_mode_and_owner_and_no_noise(box: Boxes) -> None:
    with box() as container:
        container.run(MADE, timeout=30)
        found = by_path(container)
    assert list(found) == ["/app/deep/out.csv"]
    made = found["/app/deep/out.csv"]
    assert (made.content, made.mode, made.uid, made.is_new) == (b"new\n", 0o640, 65534, True)
    assert (made.is_whole, made.is_text) == (True, True)


@pytest.mark.slow  # starts containers
def test_it_tells_changed_files_from_those_only_touched(box: Boxes, engine: Engine, labels: dict[str, str]) -> None:
    with box() as container:
        container.run("mkdir /app && echo a > /app/config && echo b > /app/data", timeout=30)
        image = snapshot.take(container)
    limits = Limits(memory_mb=128)
    with started(engine, image, limits=limits, labels=labels, network="none", cancelled=lambda: False) as container:
        later = "sleep 2"  # layers keep whole seconds, and a file of the same size and second counts as unchanged
        container.run(f"{later}; touch /app/data && chmod 600 /app/data && echo c > /app/config", timeout=30)
        found = by_path(container)
    engine.sweep(labels)
    assert {path: (file.content, file.before) for path, file in found.items()} == {"/app/config": (b"c\n", b"a\n")}


@pytest.mark.slow  # starts containers
def test_it_puts_other_content_in_its_place(box: Boxes) -> None:
    with box() as container:
        container.run(MADE, timeout=30)
        (file,) = produced.of(container)
        produced.replace(container, file, b"other\n")
        (changed,) = produced.of(container)
    assert (changed.content, changed.mode, changed.uid) == (b"other\n", file.mode, file.uid)


@pytest.mark.slow  # starts containers
def test_large_and_binary_files_are_told_from_text(box: Boxes) -> None:
    with box() as container:
        container.run(
            "mkdir /app && head -c 3000000 /dev/zero > /app/zeros && printf 'caf\\351\\n' > /app/latin", timeout=30
        )
        found = by_path(container)
    assert (found["/app/zeros"].is_whole, found["/app/zeros"].is_text) == (False, False)
    assert found["/app/zeros"].size == 3_000_000
    assert found["/app/latin"].is_text


@pytest.mark.slow  # starts a container
def test_snapshots_go_with_the_sweep_of_their_run(box: Boxes, engine: Engine, labels: dict[str, str]) -> None:
    with box() as container:
        image = snapshot.take(container)
    assert engine.has_image(image)
    engine.sweep(labels)
    assert not engine.client.images.list(
        filters={"label": [SNAPSHOT, *(f"{key}={value}" for key, value in labels.items())]}
    )


@pytest.mark.parametrize(
    ("path", "is_noise"),
    [
        ("/app/result.json", False),
        ("/usr/local/bin/tool", False),
        ("/etc/nginx/nginx.conf", False),
        ("/srv/git/hooks/post-receive", False),
        ("/root/.ssh/authorized_keys", False),
        ("/app/.git/index", True),
        ("/app/node_modules/left/pad.js", True),
        ("/usr/local/lib/python3.13/site-packages/x.py", True),
        ("/var/lib/dpkg/status", True),
        ("/root/.cache/pip/x", True),
        ("/app/target/release/app", True),
        ("/etc/ld.so.cache", True),
        ("/app/main.o", True),
    ],
)
def test_it_knows_noise(path: str, is_noise: bool) -> None:
    assert produced.is_noise(path) is is_noise
