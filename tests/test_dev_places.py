"""Where a clone keeps its files, and the locks that say who runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reviewapp.dev.places import Places, held, is_locked, short_hash, socket_folder, throwaway_folder


@pytest.fixture
def places(tmp_path: Path) -> Places:
    (tmp_path / ".local").mkdir()
    return Places(tmp_path, tmp_path / ".local", tmp_path / ".local", None)


def test_it_keeps_socket_paths_short_enough_for_the_kernel() -> None:
    deep = Path("/home/someone") / ("deep/" * 40)
    for home in (Path("/srv/clone/.local"), deep):
        assert len(str(socket_folder(home) / "pg" / ".s.PGSQL.5432.lock")) < 107
    assert socket_folder(Path("/srv/clone/.local")) == Path("/srv/clone/.local/run")
    assert socket_folder(deep) != socket_folder(deep / "other")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the services as someone else")
def test_it_leaves_a_clone_that_the_services_account_cannot_enter(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    found = Places.of(tmp_path)
    assert found.moved
    assert found.services == Path("/var/lib/reviewapp") / short_hash(tmp_path)
    assert found.local == tmp_path / ".local"
    found.services.rmdir()


def test_it_makes_one_secret_key_that_only_its_owner_reads(places: Places) -> None:
    key = places.secret_key()
    assert len(key) >= 50
    assert places.secret_key() == key
    assert places.file("secret-key").stat().st_mode & 0o777 == 0o600


def test_it_knows_whether_a_living_process_holds_a_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not is_locked(path)
    with held(path) as ours:
        assert ours
        assert is_locked(path)
    assert not is_locked(path)


def test_it_frees_the_lock_of_a_killed_process(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    code = "import fcntl, sys, time; f = open(sys.argv[1], 'a'); fcntl.flock(f, 2); print(flush=True); time.sleep(60)"
    holder = subprocess.Popen([sys.executable, "-ISc", code, str(path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    assert is_locked(path)
    holder.kill()
    holder.communicate()
    assert not is_locked(path)


def test_it_removes_what_a_killed_test_run_left_but_not_a_living_ones(places: Places) -> None:
    parent = places.services / "test"
    for name in ("killed", "living"):
        (parent / name).mkdir(parents=True)
    with held(parent / "living" / "lock"), throwaway_folder(places) as folder:
        assert sorted(path.name for path in parent.iterdir()) == sorted(["living", folder.name])
    assert not folder.exists()
