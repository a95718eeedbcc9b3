"""task.toml: what is taken, what is refused, and on which line."""

import contextlib
import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import config
from harness.problems import BundleError
from harness.schema import KeyPath
from harness.toml_lines import key_lines

WHOLE = """\
schema_version = "1.4"
artifacts = ["/app/out", { source = "/app/log", destination = "log", exclude = ["*.tmp"] }]

[task]
name = "acme/ledger"
authors = [{ name = "Ana" }]

[metadata]
difficulty = "hard"
written = 2026-02-03

[agent]
timeout_sec = 900
user = 1000

[verifier]
timeout_sec = 120.5
env = { MODE = "strict" }

[environment]
cpus = 2
memory_mb = 2048
storage_mb = 4096
workdir = "/app"
network_mode = "allowlist"
allowed_hosts = ["Example.org.", "*.example.com", "192.0.2.0/24", "2001:db8::1"]

[environment.env]
TOKEN = "${TOKEN:-none}"

[environment.healthcheck]
command = "true"
retries = 5

[solution.env]
SEED = "7"
"""


def complaints(text: str) -> list[str]:
    with pytest.raises(BundleError) as refused:
        config.parse(text)
    return [str(problem) for problem in refused.value.problems]


def test_it_reads_every_part() -> None:
    task = config.parse(WHOLE)
    assert task.warnings == ()
    assert task.name == "acme/ledger"
    assert (task.agent.timeout_sec, task.agent.user) == (900.0, "1000")
    assert (task.verifier.timeout_sec, task.verifier.env) == (120.5, {"MODE": "strict"})
    assert (task.environment.cpus, task.environment.memory_mb, task.environment.storage_mb) == (2.0, 2048, 4096)
    assert task.environment.allowed_hosts == ("example.org", "*.example.com", "192.0.2.0/24", "2001:db8::1")
    assert task.environment.healthcheck == config.Healthcheck(command="true", retries=5)
    assert task.solution_env == {"SEED": "7"}


def test_it_fills_in_harbors_defaults() -> None:
    task = config.parse("")
    assert task.environment == config.Environment()
    assert task.verifier.timeout_sec == 600.0
    assert (task.name, task.steps, task.separate_verifier) == (None, (), False)


def test_it_keeps_the_raw_file_fit_for_json() -> None:
    assert json.loads(json.dumps(config.parse(WHOLE).raw))["metadata"]["written"] == "2026-02-03"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a = 1\nb =\n", "task.toml:2: not valid TOML: Invalid value"),
        ("a = 1\nb = '''\n\n", "task.toml:3: not valid TOML"),
        ("a = " + "9" * 5000, "task.toml: holds a number of thousands of digits"),
        ("a = " + "[" * 20_000, "task.toml: nests tables or lists too deeply"),
        ("#" * 300_000, "task.toml: is longer than 256 KiB"),
        ("environment = 3", "task.toml:1: environment must be a table, not a number"),
        ("[task]\nversion = '1'", "task.toml:1: task.name is missing"),
        ("[task]\nname = 'ledger'", "task.toml:2: task.name must be of the form org/name"),
        ("[task]\nname = 'a/b..c'", "task.toml:2: task.name must be of the form org/name"),
        ("[task]\nname = 'a/b\\n'", "task.toml:2: task.name must be of the form org/name"),
        ("[agent]\n\ntimeout_sec = -1", "task.toml:3: agent.timeout_sec must be above 0, not -1"),
        ("[agent]\ntimeout_sec = 0", "task.toml:2: agent.timeout_sec must be above 0, not 0"),
        ("[agent]\ntimeout_sec = inf", "task.toml:2: agent.timeout_sec must be a finite number, not inf"),
        ("[agent]\ntimeout_sec = nan", "task.toml:2: agent.timeout_sec must be a finite number, not nan"),
        ("[agent]\ntimeout_sec = " + "9" * 400, "task.toml:2: agent.timeout_sec must be a finite number"),
        ("[agent]\ntimeout_sec = true", "task.toml:2: agent.timeout_sec must be a number, not true or false"),
        ("[agent]\ntimeout_sec = '60'", "task.toml:2: agent.timeout_sec must be a number, not a string"),
        ("agent.timeout_sec = '60'", "task.toml:1: agent.timeout_sec must be a number, not a string"),
        ("[agent]\nuser = -1", "task.toml:2: agent.user must be 0 or more, not -1"),
        ("[agent]\nallowed_hosts = []", "task.toml:2: agent.allowed_hosts only goes with"),
        ("[verifier]\nenvironment_mode = 'own'", "task.toml:2: verifier.environment_mode must be one of"),
        (
            "[verifier]\nenvironment_mode = 'shared'\n[verifier.environment]\ncpus = 1",
            'task.toml:2: verifier.environment_mode is "shared"',
        ),
        ("[verifier.environment]\ncpus = 0", "task.toml:2: verifier.environment.cpus must be above 0"),
        ("[[verifier.collect]]\nservice = 'db'", "task.toml:1: verifier.collect[0].command is missing"),
        ("[environment]\nos = 'plan9'", "task.toml:2: environment.os must be one of linux, windows"),
        ("[environment]\nmemory_mb = 0.5", "task.toml:2: environment.memory_mb must be a whole number"),
        ("[environment]\nmemory = '2 parsecs'", "task.toml:2: environment.memory must be a size"),
        ("[environment]\nmemory = '2G'\nmemory_mb = 100", "task.toml:2: environment.memory says 2048 MB"),
        ("[environment]\ngpus = -1", "task.toml:2: environment.gpus must be 0 or more"),
        ("[environment]\nworkdir = 'app'", "task.toml:2: environment.workdir must be an absolute path"),
        ("[environment]\nnetwork_mode = 'off'", "task.toml:2: environment.network_mode must be one of"),
        ("[environment]\nallowed_hosts = ['a.org']", "task.toml:2: environment.allowed_hosts only goes with"),
        ("[environment.env]\nPORT = 80", "task.toml:2: environment.env.PORT must be a string, not a number"),
        ("[environment.env]\n'A=B' = 'x'", "task.toml:2: environment.env.A=B is not a name"),
        ("[environment.healthcheck]\nretries = 0", "task.toml:1: environment.healthcheck.command is missing"),
        ("[environment.tpu]\ntype = 'v4'\ntopology = '2'", "task.toml:3: environment.tpu.topology must be a topology"),
        ("[[environment.mcp_servers]]\nname = 'm'", "task.toml:1: environment.mcp_servers[0].url is missing"),
        ("artifacts = [\n  '/a',\n  { source = '/b/../c' },\n]", "task.toml:3: artifacts[1].source must be a path"),
        ("artifacts = [{ source = 'x', service = 'db' }]", "task.toml:1: artifacts[0].source must be an absolute path"),
        ("artifacts = [{ source = 'x', destination = '/y' }]", "task.toml:1: artifacts[0].destination must be"),
        ("[[steps]]\nname = 'a'\n\n[[steps]]\nname = 'A'", "task.toml:5: steps[1].name 'A' is the name of another"),
        ("[[steps]]\nname = '../a'", "task.toml:2: steps[0].name must be a folder name"),
        ("[[steps]]\nname = 'nul.txt'", "task.toml:2: steps[0].name must be a folder name"),
        ("[[steps]]\nname = 'a'\nmin_reward = { x = 'y' }", "task.toml:3: steps[0].min_reward.x must be a number"),
        ("multi_step_reward_strategy = 'max'", "task.toml:1: multi_step_reward_strategy must be one of mean, final"),
        ('[metadata]\nnote = "\\u0000"', "task.toml:2: metadata.note must not hold a NUL character"),
        ("[metadata]\nscore = nan", "task.toml:2: metadata.score must be a finite number"),
    ],
)
def test_it_names_the_key_and_the_line(text: str, complaint: str) -> None:
    assert complaints(text)[0].startswith(complaint)


def test_it_gathers_every_problem_in_the_order_of_the_file() -> None:
    found = complaints("[verifier]\ntimeout_sec = 'x'\n[agent]\ntimeout_sec = -1\n[task]\nname = 'x'\n")
    assert [line.split(" ")[0] for line in found] == ["task.toml:2:", "task.toml:4:", "task.toml:6:"]


@pytest.mark.parametrize(
    ("host", "is_taken"),
    [
        ("example.org", True),
        ("*.example.org", True),
        ("192.0.2.7", True),
        ("192.0.2.0/24", True),
        ("2001:db8::/32", True),
        ("https://example.org", False),
        ("example.org:443", False),
        ("example.org/path", False),
        ("192.0.2.1/24", False),
        ("*.192.0.2.7", False),
        ("a.*.org", False),
        ("*.", False),
        ("", False),
        ("fe80::1%eth0", False),
        ("under_score.org", False),
    ],
)
def test_it_takes_only_hosts_that_a_network_can_allow(host: str, is_taken: bool) -> None:
    text = f'[environment]\nnetwork_mode = "allowlist"\nallowed_hosts = ["{host}"]'
    if is_taken:
        assert config.parse(text).environment.allowed_hosts == (host,)
    else:
        assert "must be a host name" in complaints(text)[0]


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("version = '1.0'", "task.toml:1: version is out of date; use schema_version"),
        ("schema_version = '9'", "task.toml:1: schema_version '9' is not a version this reader knows"),
        ("\ncolour = 'red'", "task.toml:2: colour is an unknown key; runners ignore it"),
        ("[environment]\nmemory = '1G'", "task.toml:2: environment.memory is out of date; use memory_mb"),
        ("[environment]\nallow_internet = false", "task.toml:2: environment.allow_internet is out of date"),
        (
            "[environment.healthcheck]\ncommand = 'x'\nretry = 3",
            "task.toml:3: environment.healthcheck.retry is an",
        ),
        ("[[steps]]\nname = 'a'\n[steps.agent]\ntime = 3", "task.toml:4: steps[0].agent.time is an unknown key"),
    ],
)
def test_it_warns_of_unknown_and_outdated_keys(text: str, warning: str) -> None:
    assert [str(found)[: len(warning)] for found in config.parse(text).warnings] == [warning]


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("allow_internet = false", "no-network"),
        ("allow_internet = true", "public"),
        ("allow_internet = false\nnetwork_mode = 'public'", "public"),
        ("", "public"),
    ],
)
def test_it_reads_the_older_network_switch_only_where_no_mode_is_given(text: str, mode: str) -> None:
    assert config.parse(f"[environment]\n{text}").environment.network_mode == mode


@pytest.mark.parametrize(("size", "mebibytes"), [("2G", 2048), ("512m", 512), ("2048K", 2), ("1.5g", 1536)])
def test_it_reads_older_sizes(size: str, mebibytes: int) -> None:
    assert config.parse(f"[environment]\nstorage = '{size}'").environment.storage_mb == mebibytes


@pytest.mark.parametrize(
    ("text", "is_separate"),
    [
        ("[verifier]\nenvironment_mode = 'separate'", True),
        ("[verifier.environment]\ncpus = 1", True),
        ("[[steps]]\nname = 'a'\n[steps.verifier.environment]\ncpus = 1", True),
        ("[verifier]\ntimeout_sec = 1", False),
    ],
)
def test_it_tells_a_separate_verifier(text: str, is_separate: bool) -> None:
    assert config.parse(text).separate_verifier is is_separate


def test_it_shows_what_a_runner_may_have_to_refuse() -> None:
    task = config.parse("[environment]\nos = 'Windows'\ngpus = 2\ntpu = { type = 'v4', topology = '2x2' }")
    assert (task.environment.os, task.environment.gpus, task.environment.has_tpu) == ("windows", 2, True)


@given(st.text(alphabet="ab[]{}=.,'\"#\n \\1-", max_size=40))
def test_it_refuses_or_reads_any_text_and_never_breaks(text: str) -> None:
    with contextlib.suppress(BundleError):
        assert config.parse(text).steps is not None


KEYS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Z"]), min_size=1, max_size=6)
VALUES = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(-9, 9),
        st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=6),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def as_toml(value: Any, gap: str) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(key)} = {as_toml(item, gap)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + "".join(f"{gap}{as_toml(item, gap)},{gap}" for item in value) + "]"
    return quoted(value) if isinstance(value, str) else json.dumps(value)


def quoted(value: str) -> str:
    """A string in TOML's own escapes, which know no surrogate pairs."""
    return '"' + "".join(f"\\U{ord(letter):08x}" for letter in value) + '"'


def paths(value: Any, at: KeyPath = ()) -> list[KeyPath]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, item in inner for found in [(*at, key), *paths(item, (*at, key))]]


@given(st.dictionaries(KEYS, VALUES, max_size=4), st.sampled_from(["", " ", "\n", " # ] , = {\n"]))
def test_it_finds_the_line_of_every_key_of_any_file(values: dict[str, Any], gap: str) -> None:
    text, expected, line = "", {}, 1
    for key, value in values.items():
        statement = f"{quoted(key)} = {as_toml(value, '' if has_table(value) else gap)}\n"
        text += statement
        expected[(key,)] = line
        line += statement.count("\n")
    found = key_lines(text)
    assert set(paths(tomllib.loads(text))) == set(found)
    assert {path: found[path] for path in expected} == expected
    assert all(1 <= number < line or not values for number in found.values())


def has_table(value: Any) -> bool:
    """TOML 1.0 keeps inline tables on one line, so nothing around them is spread over lines here."""
    return isinstance(value, dict) or (isinstance(value, list) and any(map(has_table, value)))


def test_it_finds_lines_below_headers_lists_of_tables_and_dotted_keys() -> None:
    found = key_lines('[a.b]\nc.d = """\n[x]\n"""\n[[e]]\nf = 1 # g = 2\n[[e]]\nf = 2\n[e.h]\n"i.j" = 1\n')
    assert found[("a", "b")] == 1
    assert found[("a", "b", "c", "d")] == 2
    assert (found[("e", 0, "f")], found[("e", 1, "f")]) == (6, 8)
    assert found[("e", 1, "h", "i.j")] == 10
