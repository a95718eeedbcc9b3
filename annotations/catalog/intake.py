"""What a bundle says about itself, in the form the database takes; what it cannot take is refused in words."""

from collections.abc import Iterator

from django.utils.text import slugify

from annotations.catalog.models import Task, TaskVersion
from annotations.core.errors import Invalid
from harness.bundle import Bundle

LONGEST_NAME: int = TaskVersion._meta.get_field("name").max_length or 0
LONGEST_SLUG: int = Task._meta.get_field("slug").max_length or 0


def slug(bundle: Bundle) -> str:
    """The last part of its name as it stands in addresses."""
    return slugify(bundle.name.rpartition("/")[2].replace(".", "-"))


def require_storable(bundle: Bundle) -> None:
    """Raise Invalid when a name or a text is one that cannot be stored."""
    if problems := list(_unstorable(bundle)):
        numbered = {f"{number}": problem for number, problem in enumerate(problems, start=1)}
        raise Invalid("This is not a bundle we can take.", numbered)


def _unstorable(bundle: Bundle) -> Iterator[str]:
    if not slug(bundle):
        yield "task.toml: the task's name needs letters or digits after the slash."
    if len(bundle.name) > LONGEST_NAME or len(slug(bundle)) > LONGEST_SLUG:
        yield f"task.toml: the task's name may have {LONGEST_SLUG} characters after the slash."
    if "\0" in bundle.instruction:
        yield "instruction.md: holds a NUL character."
