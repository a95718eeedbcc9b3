"""What the content security policy forbids must not be written in the first place."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
FORBIDDEN = {
    "an inline script": re.compile(r"<script(?![^>]*\ssrc=)(?![^>]*type=\"application/json\")", re.IGNORECASE),
    "an inline style": re.compile(r"\sstyle\s*=|<style", re.IGNORECASE),
    "an inline handler": re.compile(r"\shx-on|\son(click|load|change|submit|input|error)\s*=", re.IGNORECASE),
    "a js: value": re.compile(r"[\"']js:|javascript:", re.IGNORECASE),
    "another origin": re.compile(r"(src|href)=\"(https?:)?//", re.IGNORECASE),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_it_keeps_templates_free_of(what: str) -> None:
    found = {str(path.relative_to(ROOT)) for path in TEMPLATES if FORBIDDEN[what].search(path.read_text())}
    assert not found, f"{what} in {sorted(found)}"


def test_it_finds_the_templates_at_all() -> None:
    assert len(TEMPLATES) > 20
