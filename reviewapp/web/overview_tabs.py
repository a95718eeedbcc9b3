"""The pages of the overview as tabs."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from annotations.accounts.models import Project


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    current: bool


def tabs(project: Project, current: str) -> list[Tab]:
    """The overview's pages."""
    places = (
        ("overview", _("Progress")),
        ("overview-cases", _("Cases")),
        ("overview-people", _("By person")),
        ("gold-list", _("Gold")),
        ("overview-changes", _("Changes")),
    )
    return [Tab(label, reverse(name, args=[project.slug]), name == current) for name, label in places]
