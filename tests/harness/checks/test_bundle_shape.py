"""Settings nobody reads, scripts that cannot be started, and files that got in."""

from pathlib import Path

import pytest

from harness.checks.bundle_shape import CHECK
from tests.harness.bundles import Files
from tests.harness.checks.packed import INFORMATION, WARNING, bundle, told

KEYS = "task.toml has keys that no runner reads"
OLD = "task.toml has keys of an older schema"
ENDS = "A script has Windows line ends"
NAMELESS = "A script's first line does not name its interpreter"
UNKNOWN = "A script names an interpreter that is not found"
LITTER = "Editors and caches left files in the bundle"
HISTORY = "A version control folder is in the bundle"
REPOSITORY = "The environment holds a repository with its history"
TIMES = "An expert is said to need longer than a beginner"
ESTIMATES = "[metadata]\nexpert_time_estimate_min = {}\njunior_time_estimate_min = {}\n"
STRAY = "Files are no part of the bundle"


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({}, {}),
        ({"task.toml": "[metadata]\nanything = 1\n[metadata.deeper]\nx = 2\n"}, {}),
        ({"task.toml": "[environment]\nmemry_mb = 5\n"}, {KEYS: WARNING}),
        ({"task.toml": 'version = "1.0"\n[environment]\nmemory = "2G"\n'}, {OLD: INFORMATION}),
        ({"task.toml": ESTIMATES.format(90, 30)}, {TIMES: WARNING}),
        ({"task.toml": ESTIMATES.format(30, 90.5)}, {}),
        ({"task.toml": ESTIMATES.format('"long"', 1)}, {}),
        ({"notes.txt": "x"}, {STRAY: INFORMATION}),
        ({"tests/test.sh": "#!/bin/sh\r\ntrue\r\n"}, {ENDS: WARNING}),
        ({"tests/data/windows.sh": "#!/bin/sh\r\ntrue\r\n"}, {ENDS: INFORMATION}),
        ({"environment/windows.sh": "#!/bin/sh\r\ntrue\r\n"}, {}),
        ({"tests/test.sh": "true\n"}, {NAMELESS: INFORMATION}),
        ({"tests/test.sh": "set -euo pipefail\ntrue\n"}, {NAMELESS: WARNING}),
        ({"tests/test.sh": "if [[ -f x ]]; then true; fi\n"}, {NAMELESS: WARNING}),
        ({"solution/solve.sh": "\n#!/bin/bash\ntrue\n"}, {NAMELESS: WARNING}),
        ({"solution/solve.sh": "\ufeff#!/bin/bash\ntrue\n"}, {NAMELESS: WARNING}),
        ({"tests/helper.sh": "helper() { true; }\n"}, {}),
        ({"tests/test.sh": "#!bin/bash\ntrue\n"}, {UNKNOWN: WARNING}),
        ({"tests/test.sh": "#! /usr/bin/env -S bash -e\ntrue\n"}, {}),
        ({"tests/.git/HEAD": "x", "tests/.git/config": "x"}, {HISTORY: WARNING}),
        ({"environment/.git/HEAD": "x"}, {HISTORY: WARNING}),
        ({"environment/repo/.git/HEAD": "x"}, {REPOSITORY: INFORMATION}),
        ({".gitignore": "nothing\n", "solution/solve.sh~": "x"}, {LITTER: INFORMATION}),
        ({".gitignore": "nothing\n", "environment/recover/.notes.swp": "x"}, {}),
    ],
)
def test_it_finds_what_is_out_of_order(tmp_path: Path, files: Files, found: dict[str, str]) -> None:
    assert told(CHECK, bundle(tmp_path, files)) == found
