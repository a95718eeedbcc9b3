"""A refusal shown on the form it came from, with everything the person had typed, instead of on a page of its own."""

from collections.abc import Callable

from django import forms

from annotations.core.errors import Conflict, Invalid


def attempt[T](action: Callable[[], T]) -> T | Conflict | Invalid:
    """What the action returns, or its refusal when the page can show that in place; NotAllowed goes on up."""
    try:
        return action()
    except (Conflict, Invalid) as refused:
        return refused


def explain(form: forms.Form, refused: Conflict | Invalid) -> None:
    """Put a refusal's problems at the fields they speak of, and the rest above the form."""
    problems = refused.problems if isinstance(refused, Invalid) else {}
    for name, text in problems.items():
        form.add_error(name if name in form.fields else None, text)
    if not set(problems) & set(form.fields):
        form.add_error(None, refused.reason)
