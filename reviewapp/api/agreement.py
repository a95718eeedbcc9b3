"""How far people agree, by criterion: the numbers of the agreement page, how they came about, and the table behind."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from annotations.accounts.models import Project
from annotations.agreement import queries
from annotations.agreement.models import Between, Snapshot
from annotations.agreement.queries import Filters
from annotations.agreement.queries.filters import NAMES
from annotations.agreement.reliability import Verdict, prevalence_gap, verdict
from annotations.core.errors import Invalid
from annotations.rubrics.models import Criterion, Rubric, RubricVersion
from reviewapp.api.base import ApiView, Scope, Scopes
from reviewapp.api.downloads import download
from reviewapp.api.overview import led

MEANINGS = {
    "since": "A day: units whose last answer was submitted on it or later.",
    "until": "A day: units whose last answer was submitted on it or earlier.",
    "person": "A person's id: settled units that they answered.",
    "other": "Another person's id: settled units that they answered, too.",
    "category": "The category that task.toml names in [metadata].",
    "source": "The source that task.toml names, or the format the task was converted from.",
}
RUBRIC = OpenApiParameter("rubric", str, description="A rubric's name in addresses; without it, the one for tasks.")
VERSION = OpenApiParameter("version", int, description="The number of its version; without it, the newest.")
BETWEEN = OpenApiParameter("between", str, enum=Between.values, description="Whose answers; without it, people's.")
FILTERS = [OpenApiParameter(name, str, description=MEANINGS[name]) for name in NAMES]


# --- What is asked for -------------------------------------------------------
class AskedSerializer(serializers.Serializer[Any]):
    rubric = serializers.SlugField(required=False)
    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
    between = serializers.ChoiceField(Between.choices, default=Between.PEOPLE)
    criterion = serializers.SlugField(required=False)


def _asked(request: Request) -> dict[str, Any]:
    """What the address asks for, checked. Raises ValidationError for what cannot be."""
    asked = AskedSerializer(data=request.query_params)
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)


def _version(project: Project, asked: dict[str, Any]) -> RubricVersion:
    """Raises Invalid when there is no such rubric or version of it."""
    versions = _versions(project, asked)
    if number := asked.get("version"):
        versions = versions.filter(number=number)
    if (found := versions.first()) is None:
        raise Invalid("There are no such numbers.", {"version": "This rubric has no such version."})
    return found


def _versions(project: Project, asked: dict[str, Any]) -> QuerySet[RubricVersion]:
    rubrics = Rubric.objects.filter(project=project).order_by("pk")
    kind = {"slug": asked["rubric"]} if "rubric" in asked else {"subject_kind": Rubric.SubjectKind.TASK}
    if (rubric := rubrics.filter(**kind).first()) is None:
        raise Invalid("There are no such numbers.", {"rubric": "This project has no such rubric."})
    return rubric.versions.select_related("rubric").order_by("-number")


def _criterion(project: Project, asked: dict[str, Any]) -> Criterion:
    """The newest of the criteria of this key. Raises Invalid when the rubric never had one."""
    line = Criterion.objects.filter(rubric_version__in=_versions(project, asked), key=asked.get("criterion", ""))
    found = line.select_related("rubric_version").order_by("-rubric_version__number").first()
    if found is None:
        raise Invalid("There are no such numbers.", {"criterion": "Name a criterion of this rubric by its key."})
    return found


# --- What is answered --------------------------------------------------------
class EstimateSerializer(serializers.Serializer[Any]):
    """A number with its interval of 95 %; null: it cannot be told."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class CodeSerializer(serializers.Serializer[Any]):
    """One answer of the scale: how common it is, and how far people agree on it against all others."""

    code = serializers.IntegerField()
    ratings = serializers.IntegerField()
    prevalence = serializers.FloatField()
    specific = serializers.FloatField(allow_null=True, help_text="Given that one chose it, how often another did.")
    alpha = serializers.FloatField(allow_null=True)


class MeasuredSerializer(serializers.ModelSerializer[Snapshot]):
    """A criterion's agreement; `verdict` goes by the lower bound of α, and `why` says why in a sentence."""

    criterion = serializers.CharField(source="criterion.key")
    title = serializers.CharField(source="criterion.title")
    scale = serializers.ChoiceField(Criterion.Scale.choices, source="criterion.scale")
    version = serializers.IntegerField(source="rubric_version.number")
    verdict = serializers.SerializerMethodField()
    why = serializers.SerializerMethodField()
    prevalence_gap = serializers.SerializerMethodField(help_text="Why AC is far above α, where prevalence is why.")
    excluded = serializers.DictField(child=serializers.IntegerField(), help_text="Units that did not count, by reason.")
    alpha = serializers.SerializerMethodField()
    ac = serializers.SerializerMethodField(help_text="Gwet's AC1; AC2 with quadratic weights on an ordered scale.")
    raw = serializers.SerializerMethodField(help_text="How often two people answer alike, uncorrected.")
    fleiss = serializers.SerializerMethodField()
    brennan_prediger = serializers.SerializerMethodField()
    mean_difference = serializers.SerializerMethodField(help_text="Steps two people are apart, on an ordered scale.")
    codes = serializers.SerializerMethodField()

    class Meta:
        model = Snapshot
        fields = [
            *("criterion", "title", "scale", "version", "computed_at", "verdict", "why", "prevalence_gap"),
            *("found", "used", "excluded", "ratings", "raters", "rarest", "contested", "undefined"),
            *("alpha", "below", "ac", "raw", "fleiss", "brennan_prediger", "mean_difference", "codes"),
        ]

    @extend_schema_field(serializers.ChoiceField(Verdict.choices))
    def get_verdict(self, made: Snapshot) -> str:
        return verdict(made).verdict

    def get_why(self, made: Snapshot) -> str:
        return verdict(made).why

    def get_prevalence_gap(self, made: Snapshot) -> str:
        return prevalence_gap(made)

    @extend_schema_field(EstimateSerializer)
    def get_alpha(self, made: Snapshot) -> dict[str, float | None]:
        return {"value": made.alpha, "low": made.alpha_low, "high": made.alpha_high}

    @extend_schema_field(EstimateSerializer)
    def get_ac(self, made: Snapshot) -> dict[str, float | None]:
        return {"value": made.ac, "low": made.ac_low, "high": made.ac_high}

    @extend_schema_field(EstimateSerializer)
    def get_raw(self, made: Snapshot) -> dict[str, float | None]:
        return {"value": made.raw, "low": made.raw_low, "high": made.raw_high}

    @extend_schema_field(EstimateSerializer)
    def get_fleiss(self, made: Snapshot) -> Any:
        return made.details["fleiss"]

    @extend_schema_field(EstimateSerializer)
    def get_brennan_prediger(self, made: Snapshot) -> Any:
        return made.details["brennan_prediger"]

    def get_mean_difference(self, made: Snapshot) -> float | None:
        difference: float | None = made.details["mean_difference"]
        return difference

    @extend_schema_field(CodeSerializer(many=True))
    def get_codes(self, made: Snapshot) -> Any:
        return made.details["codes"]


class AgreementSerializer(serializers.Serializer[Any]):
    """The numbers of one rubric version; `as_of`: what was done before is in them."""

    rubric = serializers.CharField()
    version = serializers.IntegerField()
    between = serializers.ChoiceField(Between.choices)
    filters = serializers.DictField(child=serializers.CharField())
    as_of = serializers.DateTimeField(allow_null=True)
    criteria = MeasuredSerializer(many=True)


# --- Addresses ---------------------------------------------------------------
class Agreement(ApiView):
    """Agreement on every criterion of a rubric version, as the agreement page tells it (leads only)."""

    required_scopes: ClassVar[Scopes] = {"GET": (Scope.REVIEWS_READ,)}

    @extend_schema(parameters=[RUBRIC, VERSION, BETWEEN, *FILTERS], responses=AgreementSerializer)
    def get(self, request: Request, project: str) -> Response:
        place, asked = led(self, project), _asked(request)
        version, filters = _version(place, asked), Filters.read(request.query_params)
        told = {
            "rubric": version.rubric.slug,
            "version": version.number,
            "between": asked["between"],
            "filters": filters.params,
            "as_of": queries.following(place).seen_until,
            "criteria": queries.numbers(version, Between(asked["between"]), filters),
        }
        return Response(AgreementSerializer(told).data)


class AgreementHistory(ApiView, ListAPIView[Snapshot]):
    """How a criterion's numbers came to be what they are, over all versions of its rubric, newest first."""

    required_scopes: ClassVar[Scopes] = {"GET": (Scope.REVIEWS_READ,)}
    queryset = Snapshot.objects.none()
    serializer_class = MeasuredSerializer
    filter_backends: list[Any] = []

    @extend_schema(
        parameters=[OpenApiParameter("criterion", str, required=True, description="Its key."), RUBRIC, BETWEEN]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Snapshot]:
        place, asked = led(self, self.kwargs["project"]), _asked(self.request)
        return queries.history(_criterion(place, asked), Between(asked["between"]))


class AgreementRatings(ApiView):
    """The table the numbers come from, as CSV: a row per unit, a column per person, used or not and why; streamed.

    Whose answer is whose is told once a case is settled.
    """

    required_scopes: ClassVar[Scopes] = {"GET": (Scope.REVIEWS_READ,)}

    @extend_schema(parameters=[RUBRIC, VERSION, *FILTERS], responses={(200, "text/csv"): OpenApiTypes.BINARY})
    def get(self, request: Request, project: str) -> StreamingHttpResponse:
        version = _version(led(self, project), _asked(request))
        lines = queries.rating_table(version, Filters.read(request.query_params))
        return download(lines, f"{project}-{version.rubric.slug}-v{version.number}.csv", "text/csv; charset=utf-8")
