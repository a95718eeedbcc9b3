from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotations.acceptance import actions
from annotations.acceptance.models import AcceptancePolicy
from annotations.acceptance.queries import current_policy
from annotations.accounts import roles
from annotations.core.decisions import require
from harness.results import Severity
from reviewapp.api.base import ApiView, Scope, Scopes


class PolicySerializer(serializers.ModelSerializer[AcceptancePolicy]):
    """What a project demands of its tasks, in one version; a key left out of a POST stays as it was."""

    oracle_runs = serializers.IntegerField(min_value=1, max_value=20, required=False)
    nop_runs = serializers.IntegerField(min_value=1, max_value=20, required=False)
    mutants = serializers.IntegerField(min_value=0, max_value=40, required=False)
    overlap = serializers.IntegerField(min_value=1, max_value=10, required=False)
    max_rounds = serializers.IntegerField(min_value=1, max_value=10, required=False)
    agreement_floor = serializers.FloatField(
        min_value=0,
        max_value=1,
        required=False,
        allow_null=True,
        help_text="What the lower bound of every criterion's α has to reach before a release; null: no demand.",
    )
    severities = serializers.DictField(
        child=serializers.ChoiceField(choices=[severity.value for severity in Severity]),
        required=False,
        help_text="Check keys to severities, where they differ from the check's own.",
    )

    class Meta:
        model = AcceptancePolicy
        fields = ["id", "number", "created_at", *actions.DEMANDS]
        read_only_fields = ["id", "number", "created_at"]
        extra_kwargs: ClassVar[dict[str, Any]] = {
            "allow_network": {"required": False},
            "unanimity_settles": {"required": False},
        }


class Policy(ApiView):
    """The project's acceptance policy; POST seals its next version (leads only)."""

    required_scopes: ClassVar[Scopes] = {"GET": (Scope.TASKS_READ,), "POST": (Scope.TASKS_WRITE,)}

    @extend_schema(responses=PolicySerializer)
    def get(self, request: Request, project: str) -> Response:
        place = self.project(project)
        require(roles.can_write(self.person, place))
        return Response(PolicySerializer(current_policy(place)).data)

    @extend_schema(request=PolicySerializer, responses={201: PolicySerializer})
    def post(self, request: Request, project: str) -> Response:
        place = self.project(project)
        require(roles.can_lead(self.person, place))
        given = PolicySerializer(data=request.data)
        given.is_valid(raise_exception=True)
        policy = actions.set_policy(place, by=self.person, **given.validated_data)
        return Response(PolicySerializer(policy).data, status=201)
