"""Cases as a lead sees them: annotators under letters, and only once everyone has submitted."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from annotations.core.decisions import Denied
from annotations.review import actions, policies, queries
from annotations.review.models import Adjudication, Case, Question
from reviewapp.api.answers import (
    CitationSerializer,
    CriterionSerializer,
    FinalsSerializer,
    FinalVerdictSerializer,
)
from reviewapp.api.base import ApiView, Scope, Scopes


class OpinionSerializer(serializers.Serializer[Any]):
    """One annotator's answer; a letter stands for the person."""

    letter = serializers.CharField()
    code = serializers.IntegerField(source="verdict.code", allow_null=True)
    cannot_tell = serializers.BooleanField(source="verdict.cannot_tell")
    rationale = serializers.CharField(source="verdict.rationale")
    confidence = serializers.IntegerField(source="verdict.confidence", allow_null=True)
    citations = CitationSerializer(source="verdict.cited", many=True)


class ComparisonSerializer(serializers.Serializer[Any]):
    """One criterion with everyone's answers side by side."""

    criterion = CriterionSerializer()
    is_unanimous = serializers.BooleanField()
    grounds = serializers.CharField(allow_null=True, help_text="same, different or uncited evidence; null: no dispute.")
    opinions = OpinionSerializer(many=True)


class AdjudicationSerializer(serializers.ModelSerializer[Adjudication]):
    verdicts = FinalVerdictSerializer(many=True)

    class Meta:
        model = Adjudication
        fields = ["id", "by", "reason", "confidence", "settled_at", "verdicts"]


class ReplySerializer(serializers.Serializer[Any]):
    """One annotator's reply; empty while there is none."""

    letter = serializers.CharField()
    text = serializers.CharField()


class QuestionSerializer(serializers.ModelSerializer[Question]):
    """What a lead asked the annotators, with the replies so far."""

    replies = serializers.SerializerMethodField()

    class Meta:
        model = Question
        fields = ["criterion", "text", "asked_at", "replies"]

    @extend_schema_field(ReplySerializer(many=True))
    def get_replies(self, question: Question) -> Any:
        return ReplySerializer(queries.heard(question), many=True).data


class CaseSerializer(serializers.ModelSerializer[Case]):
    """A case; `comparisons` stays null while the person may not see the answers, and `may_not_adjudicate` says why."""

    version = serializers.UUIDField(source="task_version_id", allow_null=True)
    status = serializers.SerializerMethodField()
    comparisons = serializers.SerializerMethodField()
    question = serializers.SerializerMethodField()
    may_not_adjudicate = serializers.SerializerMethodField()
    adjudication = serializers.SerializerMethodField()

    class Meta:
        model = Case
        fields = [
            *("id", "version", "round", "overlap", "status", "priority", "due_at", "disagreements", "opened_at"),
            *("follows", "appealed", "may_not_adjudicate", "comparisons", "question", "adjudication"),
        ]

    @extend_schema_field(serializers.ChoiceField(choices=Case.Status.choices))
    def get_status(self, case: Case) -> str:
        return Case.Status.ADJUDICATION if self._is_second(case) else case.status

    def _is_second(self, case: Case) -> bool:
        return queries.is_second(case, self.context["person"])

    @extend_schema_field(QuestionSerializer(allow_null=True))
    def get_question(self, case: Case) -> Any:
        question = Question.objects.filter(case=case).first()
        seen = question and policies.can_compare(self.context["person"], case)
        return QuestionSerializer(question).data if seen else None

    @extend_schema_field(ComparisonSerializer(many=True, allow_null=True))
    def get_comparisons(self, case: Case) -> Any:
        if not policies.can_compare(self.context["person"], case):
            return None
        return ComparisonSerializer(queries.comparisons(case), many=True).data

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_may_not_adjudicate(self, case: Case) -> str | None:
        permit = policies.can_adjudicate(self.context["person"], case)
        return permit.reason if isinstance(permit, Denied) else None

    @extend_schema_field(AdjudicationSerializer(allow_null=True))
    def get_adjudication(self, case: Case) -> Any:
        if self._is_second(case):
            return None
        settled = Adjudication.objects.filter(case=case).prefetch_related("verdicts").first()
        return AdjudicationSerializer(settled).data if settled else None


class CaseView(ApiView):
    """What the addresses of a case share."""

    def case(self) -> Case:
        """A case of a project the person leads, fresh from the database; 404 for anyone else."""
        rows = Case.objects.visible_to(self.person)
        rows = rows.select_related("project", "follows", "task_version__task", "rubric_version")
        return get_object_or_404(rows, pk=self.kwargs["case"])

    def answer(self) -> Response:
        return Response(CaseSerializer(self.case(), context={"person": self.person}).data)


class CaseDetail(CaseView):
    """A case of a project the person leads."""

    required_scopes: ClassVar[Scopes] = {"GET": (Scope.REVIEWS_READ,)}

    @extend_schema(responses=CaseSerializer)
    def get(self, request: Request, case: str) -> Response:
        return self.answer()


class CaseAdjudicate(CaseView):
    """Settle a case: a final verdict per criterion, a cause where people disagreed, and the reason."""

    required_scopes: ClassVar[Scopes] = {"POST": (Scope.REVIEWS_WRITE,)}

    @extend_schema(request=FinalsSerializer, responses={200: CaseSerializer})
    def post(self, request: Request, case: str) -> Response:
        held = self.case()
        given = FinalsSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        finals = given.validated_data
        actions.adjudicate(
            held, finals["verdicts"], reason=finals["reason"], confidence=finals["confidence"], by=self.person
        )
        return self.answer()
