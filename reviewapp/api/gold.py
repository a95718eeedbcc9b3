"""Gold cases: settled ones that people are measured against, unseen. For leads."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from annotations.accounts import roles
from annotations.core.decisions import require
from annotations.review import actions
from annotations.review.models import GoldCase
from annotations.review.queries.gold import gold_cases, gold_lines
from reviewapp.api.base import ApiView, Scope, Scopes
from reviewapp.api.cases import CaseView


class AnsweredSerializer(serializers.Serializer[Any]):
    """How people answered one criterion."""

    criterion = serializers.UUIDField(source="criterion.pk")
    key = serializers.CharField(source="criterion.key")
    people = serializers.IntegerField()
    correct = serializers.IntegerField(help_text="As it was settled.")
    is_suspect = serializers.BooleanField(help_text="Most people fail it, so perhaps the case is wrong.")


class GoldSerializer(serializers.Serializer[Any]):
    """A case that is or was gold, with what people made of it."""

    case = serializers.UUIDField(source="gold.case_id")
    title = serializers.CharField(source="gold.case.subject")
    by = serializers.UUIDField(source="gold.by_id")
    marked_at = serializers.DateTimeField(source="gold.marked_at")
    retired_at = serializers.DateTimeField(source="gold.retired_at", allow_null=True)
    dealt = serializers.IntegerField(help_text="People who were given it, those included who have not answered yet.")
    people = serializers.IntegerField(help_text="People who answered it.")
    criteria = AnsweredSerializer(many=True)


class GoldList(ApiView, ListAPIView[GoldCase]):
    """The project's gold cases, newest first, the retired ones too."""

    required_scopes: ClassVar[Scopes] = {"GET": (Scope.REVIEWS_READ,)}
    queryset = GoldCase.objects.none()
    serializer_class = GoldSerializer
    filter_backends: list[Any] = []

    def get_queryset(self) -> QuerySet[GoldCase]:
        place = self.project(self.kwargs["project"])
        require(roles.can_lead(self.person, place))
        return gold_cases(place)

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(GoldSerializer(gold_lines(page), many=True).data)


class CaseGold(CaseView):
    """Whether a settled case is gold: PUT marks it, DELETE retires it; again, neither changes anything."""

    required_scopes: ClassVar[Scopes] = {"PUT": (Scope.REVIEWS_WRITE,), "DELETE": (Scope.REVIEWS_WRITE,)}

    @extend_schema(request=None, responses={200: GoldSerializer})
    def put(self, request: Request, case: str) -> Response:
        gold = actions.mark_gold(self.case(), by=self.person)
        return Response(GoldSerializer(gold_lines([gold])[0]).data)

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, case: str) -> Response:
        actions.retire_gold(self.case(), by=self.person)
        return Response(status=204)
