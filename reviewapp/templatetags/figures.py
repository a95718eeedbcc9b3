"""Figures as people read them."""

from django import template

register = template.Library()

NONE = "–"


@register.filter
def thousands(number: int) -> str:
    """A whole number with commas between the thousands."""
    return f"{number:,}"


@register.filter
def coefficient(value: float | None, places: int = 2) -> str:
    """A coefficient as papers print it: .82, −.07, 1.00, and – for none."""
    if value is None:
        return NONE
    text = f"{abs(value):.{places}f}"
    sign = "−" if value < 0 and float(text) else ""
    return sign + text.removeprefix("0")


@register.filter
def percent(share: float | None) -> str:
    return NONE if share is None else f"{round(100 * share)} %"


@register.filter
def clock(seconds: float | None) -> str:
    """A stretch of time in minutes and seconds; nothing where none was measured."""
    return "" if seconds is None else f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def bounds(low: float | None, high: float | None) -> str:
    """An interval in brackets; nothing where there is none."""
    return "" if low is None or high is None else f"[{coefficient(low)}, {coefficient(high)}]"
