"""A container as it stands, kept as an image for a while, so that what came before need not be done again."""

from harness.container import Container
from harness.engine import LABEL, SNAPSHOT


def take(box: Container) -> str:
    """The image of the container's files; it has the container's labels, so that the run's sweep removes it.

    What only runs, or lies in memory or on a volume, is not in it.
    """
    changes = [f"LABEL {LABEL}=1", f"LABEL {SNAPSHOT}=1"]  # podman takes the rest of a line for one value
    made = box.raw.client.api.commit(box.id, pause=not box.is_podman, changes=changes)  # rootless ones cannot pause
    return str(made["Id"])
