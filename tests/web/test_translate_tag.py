"""Texts that are written in a template are put in once while there is one language."""

import pytest
from django.template import Context, engines
from django.template.base import TextNode
from pytest_django import Settings

SOURCES = (
    '{% translate "Fish & 100%% chips" %}',
    "{% translate 'It is “so”' %}",
    '{% translate "words"|upper %}',
    "{% translate named %}",
    '{% translate "kept" as text %}{{ text }}!',
    '{% translate "May" context "month" %}',
)


def rendered(source: str) -> str:
    template = engines["django"].engine.from_string(source)  # type: ignore[attr-defined]
    return str(template.render(Context({"named": "<b>"})))


@pytest.mark.parametrize("source", SOURCES)
def test_it_says_the_same_with_one_language_and_with_more(source: str, settings: Settings) -> None:
    assert not settings.USE_I18N
    said = rendered(source)
    settings.USE_I18N = True
    assert rendered(source) == said


def test_it_is_looked_up_at_every_showing_once_there_are_more(settings: Settings) -> None:
    kinds = []
    for settings.USE_I18N in (False, True):
        template = engines["django"].engine.from_string('{% translate "Save" %}')  # type: ignore[attr-defined]
        kinds.append(isinstance(template.nodelist[0], TextNode))
    assert kinds == [True, False]
