import re

import pytest

from reviewapp.web import rendering


def text_of(html: str) -> str:
    return re.sub(r"<[^>]+>", "", html)


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "![x](javascript:alert(1))",
        '<div hx-get="/accounts/logout/" hx-trigger="load">',
        '<form action="/x"><button>',
        '```"><script>alert(1)</script>\nx\n```',
        "<svg><style><img src=x onerror=alert(1)></style></svg>",
    ],
)
def test_it_lets_nothing_active_through_markdown(hostile: str) -> None:
    html = rendering.markdown(hostile)
    tags = re.findall(r"<[^>]*>", html)
    assert not any(re.search(r"(?i)script|onerror|hx-|style|form|img|svg|javascript:|data:", tag) for tag in tags)


def test_it_renders_markdown_with_tables_and_highlighted_code() -> None:
    html = rendering.markdown("# Title\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\ndef f(): ...\n```\n")
    assert "<h1>Title</h1>" in html
    assert "<td>1</td>" in html
    assert '<span class="t-k">def</span>' in html


def test_it_shows_images_as_links_and_never_loads_them() -> None:
    html = rendering.markdown("![plan](https://example.org/a.png)")
    assert "<img" not in html
    assert 'href="https://example.org/a.png"' in html
    assert ">plan</a>" in html


def test_it_numbers_every_line_of_code() -> None:
    html = rendering.code("\n\nimport os\n", "solve.py")
    assert re.findall(r'id="L(\d+)" data-n="\1"', html) == ["1", "2", "3"]
    assert '<span class="t-kn">import</span>' in html


def test_it_escapes_code_of_any_language() -> None:
    for path in ("a.py", "a.html", "a.unknown", "Dockerfile"):
        assert "<script" not in rendering.code("<script>alert('x')</script>", path)


def test_it_shows_characters_that_deceive_by_their_code_point() -> None:
    html = rendering.code("if admin:\u202e  # \u2066 nothing\u200b", "a.py")
    for name in ("U+202E", "U+2066", "U+200B"):
        assert name in html
    assert "\u202e" not in html


def test_it_turns_terminal_colours_into_classes() -> None:
    html = rendering.log(b"\x1b[1;31mFAILED\x1b[0m test_a\n\x1b[38;5;2mok\x1b[39m \x1b[38;2;1;2;3mrgb\x1b[m\n")
    assert '<span class="f1 s1">FAILED</span> test_a' in html
    assert '<span class="f2">ok</span> rgb' in html


def test_it_carries_a_colour_over_lines_until_it_is_reset() -> None:
    html = rendering.log(b"\x1b[32mone\ntwo\x1b[0m\nthree")
    assert html.count('<span class="f2">') == 2
    assert ">three\n</span>" in html


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"10%\r50%\r100%\n", "100%"),
        (b"done\r\n", "done"),
        (b"half\r", "half"),
        (b"\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\", "link"),
        (b"\x1b]0;title\x07text", "text"),
        (b"\x1b]0;never closed", ""),
        (b"\x1b[2K\x1b[1Gclean\x1b(B", "clean"),
        (b"\x1bPdevice\x1b\\x", "x"),
        (b"a\x00b\x08c\x7f", "abc"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"<b>&", "&lt;b&gt;&amp;"),
        (b"\x1b[31", "[31"),
    ],
)
def test_it_reads_a_terminal_as_people_saw_it(raw: bytes, shown: str) -> None:
    assert text_of(rendering.log(raw)) == f"{shown}\n"


def test_it_keeps_the_first_and_last_two_hundred_lines_of_a_log() -> None:
    html = rendering.log("\n".join(f"line {number}" for number in range(1, 1001)).encode())
    assert html.count('class="line"') == 400
    assert 'data-n="200"' in html
    assert 'data-n="201"' not in html
    assert 'data-n="801"' in html
    assert "600 lines are not shown" in html


def test_it_cuts_a_line_that_never_ends() -> None:
    assert len(rendering.log(b"x" * 1_000_000)) < 5_000


def test_it_marks_the_words_that_differ() -> None:
    diff = rendering.word_diff("The tests accept a shortcut.", "The tests reject a shortcut.")
    assert diff.first == "The tests <del>accept</del> a shortcut."
    assert diff.second == "The tests <ins>reject</ins> a shortcut."


def test_it_escapes_what_it_compares() -> None:
    diff = rendering.word_diff("<b>", "<i>")
    assert "<b>" not in diff.first
    assert "<i>" not in diff.second


def test_it_shows_very_long_texts_without_marks_rather_than_slowly() -> None:
    diff = rendering.word_diff("a " * 5000, "b " * 5000)
    assert "<del>" not in diff.first
