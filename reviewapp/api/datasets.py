from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView, get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from annotations.datasets import export
from annotations.datasets.models import Dataset, Release
from reviewapp.api.base import ApiView, Scope, Scopes
from reviewapp.api.downloads import download


class DatasetSerializer(serializers.ModelSerializer[Dataset]):
    class Meta:
        model = Dataset
        fields = ["id", "slug", "title", "description", "created_at"]


class ReleaseSerializer(serializers.ModelSerializer[Release]):
    """A sealed set of accepted tasks."""

    class Meta:
        model = Release
        fields = ["id", "dataset", "version", "digest", "changelog", "task_count", "created_at"]


class DatasetList(ApiView, ListAPIView[Dataset]):
    """The project's datasets."""

    required_scopes: ClassVar[Scopes] = {"GET": (Scope.DATASETS_READ,)}
    queryset = Dataset.objects.none()
    serializer_class = DatasetSerializer
    filter_backends: list[Any] = []

    def get_queryset(self) -> QuerySet[Dataset]:
        return Dataset.objects.visible_to(self.person).filter(project=self.project(self.kwargs["project"]))


class ReleaseList(ApiView, ListAPIView[Release]):
    """A dataset's releases, newest first."""

    required_scopes: ClassVar[Scopes] = {"GET": (Scope.DATASETS_READ,)}
    queryset = Release.objects.none()
    serializer_class = ReleaseSerializer
    filter_backends: list[Any] = []

    def get_queryset(self) -> QuerySet[Release]:
        return get_object_or_404(Dataset.objects.visible_to(self.person), pk=self.kwargs["dataset"]).releases.all()


class ReleaseDetail(ApiView):
    """A release."""

    required_scopes: ClassVar[Scopes] = {"GET": (Scope.DATASETS_READ,)}

    @extend_schema(responses=ReleaseSerializer)
    def get(self, request: Request, release: str) -> Response:
        return Response(ReleaseSerializer(_release(self, release)).data)


class ReleaseTree(ApiView):
    """The release as a Harbor dataset: dataset.toml and a folder per task, streamed."""

    required_scopes: ClassVar[Scopes] = {"GET": (Scope.DATASETS_READ,)}

    @extend_schema(responses={(200, "application/gzip"): OpenApiTypes.BINARY})
    def get(self, request: Request, release: str) -> StreamingHttpResponse:
        found = _release(self, release)
        return download(export.harbor_tree(found), f"{_stem(found)}.tar.gz", "application/gzip")


class ReleaseLines(ApiView):
    """The release as one JSON object a task and line, streamed."""

    required_scopes: ClassVar[Scopes] = {"GET": (Scope.DATASETS_READ,)}

    @extend_schema(responses={(200, "application/jsonl"): OpenApiTypes.BINARY})
    def get(self, request: Request, release: str) -> StreamingHttpResponse:
        found = _release(self, release)
        return download(export.json_lines(found), f"{_stem(found)}.jsonl", "application/jsonl")


def _release(view: ApiView, pk: str) -> Release:
    return get_object_or_404(Release.objects.visible_to(view.person).select_related("dataset__project"), pk=pk)


def _stem(release: Release) -> str:
    return f"{release.dataset.slug}-{release.version}"
