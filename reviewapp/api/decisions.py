from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from annotations.acceptance.models import Decision, DecisionQuerySet, DecisionReason
from reviewapp.api.base import ApiView, Scope, Scopes


class ReasonSerializer(serializers.ModelSerializer[DecisionReason]):
    class Meta:
        model = DecisionReason
        fields = ["criterion", "holds", "text"]


class DecisionSerializer(serializers.ModelSerializer[Decision]):
    """The sealed outcome for a version, with a reason for each of the four criteria, and for the agreement demanded."""

    version = serializers.UUIDField(source="task_version_id")
    policy = serializers.IntegerField(source="policy.number", help_text="The project's policy version.")
    reasons = ReasonSerializer(many=True)

    class Meta:
        model = Decision
        fields = ["id", "version", "outcome", "round", "policy", "check_run", "replaces", "decided_at", "reasons"]


def _visible(view: ApiView) -> DecisionQuerySet:
    return Decision.objects.visible_to(view.person).select_related("policy")


class DecisionDetail(ApiView):
    """A decision."""

    required_scopes: ClassVar[Scopes] = {"GET": (Scope.TASKS_READ,)}

    @extend_schema(responses=DecisionSerializer)
    def get(self, request: Request, decision: str) -> Response:
        return Response(DecisionSerializer(get_object_or_404(_visible(self), pk=decision)).data)


class VersionDecision(ApiView):
    """The decision that stands on a version; 404 until there is one."""

    required_scopes: ClassVar[Scopes] = {"GET": (Scope.TASKS_READ,)}

    @extend_schema(responses=DecisionSerializer)
    def get(self, request: Request, version: str) -> Response:
        return Response(DecisionSerializer(get_object_or_404(_visible(self).standing(), task_version=version)).data)
