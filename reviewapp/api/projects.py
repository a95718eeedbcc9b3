from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.generics import ListAPIView

from annotations.accounts.models import Project
from reviewapp.api.base import ApiView, Scope, Scopes


class ProjectSerializer(serializers.ModelSerializer[Project]):
    class Meta:
        model = Project
        fields = ["id", "slug", "name"]


class ProjectList(ApiView, ListAPIView[Project]):
    """The projects the person belongs to."""

    required_scopes: ClassVar[Scopes] = {"GET": (Scope.TASKS_READ, Scope.DATASETS_READ, Scope.REVIEWS_READ)}
    queryset = Project.objects.none()
    serializer_class = ProjectSerializer
    filter_backends: list[Any] = []

    def get_queryset(self) -> QuerySet[Project]:
        return Project.objects.visible_to(self.person)
