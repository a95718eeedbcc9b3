"""What counts as a reward, and what makes a verification invalid instead of 0."""

import pytest

from harness.container import Contents
from harness.rewards import LONGEST, read_reward

MISSING = Contents(missing=True)


def text(data: str | bytes) -> Contents:
    raw = data.encode() if isinstance(data, str) else data
    return Contents(data=raw, size=len(raw))


@pytest.mark.parametrize(
    ("written", "reward"), [("1", 1.0), ("1.0\n", 1.0), (" 0.25 ", 0.25), ("-1", -1.0), ("0", 0.0)]
)
def test_it_reads_a_number_from_reward_txt(written: str, reward: float) -> None:
    assert read_reward(MISSING, text(written)).values == {"reward": reward}


@pytest.mark.parametrize("written", ["", "\n", "one", "nan", "NaN", "inf", "-inf", "1e999", "1 1", b"\xff\xfe", "0x1"])
def test_it_calls_anything_else_invalid_and_never_zero(written: str | bytes) -> None:
    reward = read_reward(MISSING, text(written))
    assert reward.invalid
    assert reward.values == {}
    assert not reward.is_full


@pytest.mark.parametrize(
    "written",
    [
        "",
        "1",
        "[]",
        "{}",
        '{"a": "1"}',
        '{"a": true}',
        '{"a": {"b": 1}}',
        '{"a": NaN}',
        '{"a": 1e999}',
        "[" * 60_000,
        f'{{"a": {"9" * 400}}}',
        f'{{"a": {"9" * 5000}}}',
    ],
)
def test_it_wants_a_flat_table_of_finite_numbers_in_reward_json(written: str) -> None:
    assert read_reward(text(written), MISSING).invalid


def test_it_prefers_reward_json_and_tells_when_both_disagree() -> None:
    reward = read_reward(text('{"reward": 0}'), text("1"))
    assert reward.values == {"reward": 0}
    assert "disagree" in reward.note
    assert read_reward(text('{"reward": 1}'), text("1.0")).note == ""


def test_it_does_not_fall_back_to_reward_txt_when_reward_json_is_broken() -> None:
    assert read_reward(text("{"), text("1")).invalid == "reward.json is not valid JSON"


def test_it_is_full_only_when_every_key_earned_one() -> None:
    assert read_reward(text('{"a": 1, "b": 1.0}'), MISSING).is_full
    assert not read_reward(text('{"a": 1, "b": 0.99}'), MISSING).is_full


def test_it_refuses_a_reward_that_is_too_long_or_no_file() -> None:
    assert "larger than 64 KiB" in read_reward(MISSING, Contents(data=b"1", size=LONGEST + 1)).invalid
    assert "not a regular file" in read_reward(MISSING, Contents(refused="is not a regular file")).invalid


def test_it_says_when_nothing_was_written() -> None:
    assert "neither" in read_reward(MISSING, MISSING).invalid
