"""Permits: what a policy answers. One answer gates the action and explains the disabled button."""

from dataclasses import dataclass

from annotations.core.errors import NotAllowed


@dataclass(frozen=True)
class Allowed:
    def __bool__(self) -> bool:
        return True


@dataclass(frozen=True)
class Denied:
    reason: str

    def __bool__(self) -> bool:
        return False


type Permit = Allowed | Denied


def require(permit: Permit) -> None:
    """Let an allowed action pass; raise NotAllowed with the policy's reason otherwise."""
    if isinstance(permit, Denied):
        raise NotAllowed(permit.reason)


def first_denied(*permits: Permit) -> Permit:
    """The first refusal among several rules, or Allowed when none refuses."""
    return next((permit for permit in permits if not permit), Allowed())
