"""What every operation of the OpenAPI document says: its scope, and that refusals are problems."""

from typing import Any

from drf_spectacular.openapi import AutoSchema

from reviewapp.api.problems import MEDIA_TYPE, ProblemSerializer


class ProblemSchema(AutoSchema):
    """Adds the scope to the description and one problem response for everything that goes wrong."""

    def get_description(self) -> str:  # type: ignore[override]  # drf-spectacular's own signature
        scopes = getattr(self.view, "required_scopes", {}).get(self.method, ())
        needs = " or ".join(f"`{scope.value}`" for scope in scopes)
        return f"{super().get_description()}\n\nScope: {needs}." if needs else super().get_description()

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        problem = self._get_response_for_code(  # type: ignore[no-untyped-call]  # drf-spectacular leaves it untyped
            ProblemSerializer, "default", [MEDIA_TYPE], direction
        )
        return {**bodies, "default": {**problem, "description": "What went wrong, as RFC 9457 problem details."}}
