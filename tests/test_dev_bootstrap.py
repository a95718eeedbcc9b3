"""The first stage of ./dev, which has nothing but an old Python to rely on."""

import ast
import sys
from pathlib import Path

import pytest

from reviewapp.dev import bootstrap

SOURCE = Path(bootstrap.__file__)


def fake_python(path: Path, *, works: bool) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\nexit {0 if works else 1}\n")
    path.chmod(0o755)
    return path


def test_it_needs_only_the_standard_library_of_python_3_11() -> None:
    tree = ast.parse(SOURCE.read_text(), feature_version=(3, 11))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert {str(name).split(".")[0] for name in imported} <= sys.stdlib_module_names


def test_it_prefers_a_python_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_path = fake_python(tmp_path / "bin" / "python3.12", works=True)
    fake_python(tmp_path / "pyenv" / "versions" / "3.13.1" / "bin" / "python3", works=True)
    monkeypatch.setenv("PATH", f"{on_path.parent}:/bin:/usr/bin")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setattr("shutil.which", lambda name: str(on_path) if name == "python3.12" else None)
    assert bootstrap.find_python() == on_path


def test_it_takes_the_newest_working_pyenv_version_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    versions = tmp_path / "versions"
    fake_python(versions / "3.9.1" / "bin" / "python3", works=True)
    fake_python(versions / "3.12.9" / "bin" / "python3", works=True)
    newest = fake_python(versions / "3.12.10" / "bin" / "python3", works=True)
    fake_python(versions / "3.13.0" / "bin" / "python3", works=False)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert bootstrap.find_python() == newest


def test_it_leaves_the_choice_to_uv_when_there_is_no_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert bootstrap.find_python() is None


@pytest.mark.parametrize(
    ("stamp", "group", "current"),
    [("run", "run", True), ("test", "run", True), ("test", "test", True), ("run", "test", False)],
)
def test_it_syncs_only_when_the_lock_changed(
    stamp: str, group: str, current: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_python(tmp_path / "bin" / "python", works=True)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path)
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / "stamp")
    assert not bootstrap.is_current(group)
    (tmp_path / "stamp").write_text(f"{stamp} {bootstrap.fingerprint(stamp)}\n")
    assert bootstrap.is_current(group) is current
    (tmp_path / "stamp").write_text(f"{stamp} of-another-lock\n")
    assert not bootstrap.is_current(group)


def test_it_commits_locks_without_any_address() -> None:
    for name in bootstrap.LOCKS.values():
        assert "://" not in (bootstrap.ROOT / name).read_text()
