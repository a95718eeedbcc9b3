"""An expert's own queue and annotations; nothing here ever shows another person's."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from annotations.accounts import roles
from annotations.core.decisions import require
from annotations.core.errors import Conflict
from annotations.review import actions, queries
from annotations.review.models import Annotation, Assignment
from reviewapp.api.answers import DraftSerializer, RubricSerializer, VerdictSerializer
from reviewapp.api.base import ApiView, Scope, Scopes
from reviewapp.api.tasks import FileSerializer

KEY_HEADER = "Idempotency-Key"
MOST_ASSIGNED = 25


class AnnotationSerializer(serializers.ModelSerializer[Annotation]):
    """The person's own answers; `version` goes with the next write."""

    answers = VerdictSerializer(many=True, source="verdicts")

    class Meta:
        model = Annotation
        fields = ["id", "status", "version", "saved_at", "submitted_at", "answers"]


class SubjectSerializer(serializers.Serializer[Any]):
    """The task version to judge; nothing tells whose it is."""

    title = serializers.CharField(source="task.title")
    name = serializers.CharField()
    digest = serializers.CharField()
    instruction = serializers.CharField()
    files = FileSerializer(many=True)


class FeedbackSerializer(serializers.Serializer[Any]):
    """One criterion of a gold case: what was settled, and why; `code` null: cannot tell."""

    criterion = serializers.UUIDField(source="criterion.pk")
    is_correct = serializers.BooleanField()
    code = serializers.IntegerField(source="final.code", allow_null=True)
    rationale = serializers.CharField(source="final.rationale")


class AssignmentRowSerializer(serializers.ModelSerializer[Assignment]):
    title = serializers.CharField(source="case.task_version.task.title")

    class Meta:
        model = Assignment
        fields = ["id", "status", "lease_ends_at", "title"]


class AssignmentSerializer(serializers.ModelSerializer[Assignment]):
    """A case reserved for the person: what to judge, by which questions, and the answers so far."""

    task = SubjectSerializer(source="case.task_version")
    rubric = RubricSerializer(source="case.rubric_version")
    asked = serializers.SerializerMethodField(help_text="The criteria to answer; a case may ask a part of its rubric.")
    annotation = AnnotationSerializer()
    feedback = serializers.SerializerMethodField(
        help_text="Null; once a gold case is submitted where the project trains people, what was expected."
    )

    class Meta:
        model = Assignment
        fields = ["id", "status", "lease_ends_at", "skip_reason", "task", "rubric", "asked", "annotation", "feedback"]

    @extend_schema_field(FeedbackSerializer(many=True, allow_null=True))
    def get_feedback(self, assignment: Assignment) -> Any:
        assignment.annotation.case = assignment.case  # spares a query for what is here already
        return FeedbackSerializer(queries.feedback(assignment.annotation), many=True).data or None

    def get_asked(self, assignment: Assignment) -> list[UUID]:
        return [criterion.pk for criterion in queries.case_criteria(assignment.case)]


class ReasonsSerializer(serializers.Serializer[Any]):
    """Why there is nothing to start; `more`: there are free places beyond those looked at."""

    reserved_by_others = serializers.IntegerField()
    reserved_until = serializers.DateTimeField(allow_null=True)
    assigned_to_others = serializers.IntegerField()
    own_tasks = serializers.IntegerField()
    beyond_skills = serializers.IntegerField()
    more = serializers.BooleanField()


class QueueSerializer(serializers.Serializer[Any]):
    """What there is to do and, where there is nothing, why; counts of cases end at 101, which means more than 100."""

    claimable = serializers.IntegerField()
    active = AssignmentRowSerializer(many=True)
    assigned = AssignmentRowSerializer(many=True, help_text="Given by a lead and not opened yet; the first 25.")
    waiting_for_others = serializers.IntegerField()
    submitted_today = serializers.IntegerField()
    quota = serializers.IntegerField(allow_null=True, help_text="Submissions a day; null: no end.")
    is_paused = serializers.BooleanField(help_text="Nothing is handed out until a lead has talked to the person.")
    quota_reached = serializers.BooleanField()
    quota_ends_at = serializers.DateTimeField(help_text="When the next day's quota begins.")
    leads_assign = serializers.BooleanField(help_text="Cases are assigned by leads; none can be taken.")
    reasons = ReasonsSerializer(allow_null=True, help_text="Null while there is something to start.")


class SkipSerializer(serializers.Serializer[Any]):
    reason = serializers.ChoiceField(choices=Assignment.SkipReason.choices)
    note = serializers.CharField(allow_blank=True, default="", max_length=300, help_text="Needed with `other`.")


def _assignments(view: ApiView) -> QuerySet[Assignment]:
    rows = Assignment.objects.visible_to(view.person)
    rows = rows.select_related("case__task_version__task", "case__rubric_version__rubric", "annotation")
    return rows.prefetch_related(
        "annotation__verdicts__citations", "case__rubric_version__criteria", "case__task_version__files__blob"
    )


class AssignmentView(ApiView):
    """What the addresses below one assignment share."""

    def assignment(self) -> Assignment:
        """The person's own assignment, fresh from the database; 404 for anyone else's."""
        return get_object_or_404(_assignments(self), pk=self.kwargs["assignment"])

    def answer(self) -> Response:
        return Response(AssignmentSerializer(self.assignment()).data)


class Queue(ApiView):
    """What there is to do for the person in a project."""

    required_scopes: ClassVar[Scopes] = {"GET": (Scope.REVIEWS_READ,)}

    @extend_schema(responses=QueueSerializer)
    def get(self, request: Request, project: str) -> Response:
        home = self.project(project)
        require(roles.can_write(self.person, home))
        state = queries.queue_state(home, self.person)
        rows = {
            "active": queries.active(home, self.person),
            "assigned": queries.assigned(home, self.person)[:MOST_ASSIGNED],
            "quota_reached": state.quota_reached,
            "leads_assign": state.leads_assign,
        }
        return Response(QueueSerializer({**vars(state), **rows}).data)


class QueueNext(ApiView):
    """Reserve the next case, or get the one already held; 204 when there is none, 409 once the quota is reached."""

    required_scopes: ClassVar[Scopes] = {"POST": (Scope.REVIEWS_WRITE,)}

    @extend_schema(request=None, responses={200: AssignmentSerializer, 204: None})
    def post(self, request: Request, project: str) -> Response:
        claimed = actions.claim_next(self.project(project), by=self.person)
        if claimed is None:
            return Response(status=204)
        return Response(AssignmentSerializer(_assignments(self).get(pk=claimed.pk)).data)


class AssignmentDetail(AssignmentView):
    """A case reserved for the person."""

    required_scopes: ClassVar[Scopes] = {"GET": (Scope.REVIEWS_READ,)}

    @extend_schema(responses=AssignmentSerializer)
    def get(self, request: Request, assignment: str) -> Response:
        return self.answer()


class Writing(AssignmentView):
    """A write of answers; when the draft has moved on, the refusal carries the stored one."""

    def more_on(self, error: Exception) -> dict[str, Any]:
        if not isinstance(error, Conflict):
            return {}
        return {"annotation": AnnotationSerializer(self.assignment().annotation).data}

    def draft(self, request: Request) -> dict[str, Any]:
        given = DraftSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return dict(given.validated_data)


class AssignmentDraft(Writing):
    """Store the answers given so far; 409 with the stored ones when they were saved elsewhere since `version`."""

    required_scopes: ClassVar[Scopes] = {"PUT": (Scope.REVIEWS_WRITE,)}

    @extend_schema(request=DraftSerializer, responses=AssignmentSerializer)
    def put(self, request: Request, assignment: str) -> Response:
        annotation = self.assignment().annotation
        actions.save_draft(annotation, **self.draft(request), by=self.person)
        return self.answer()


class AssignmentSubmit(Writing):
    """Seal the answers. The same Idempotency-Key again answers as the first time."""

    required_scopes: ClassVar[Scopes] = {"POST": (Scope.REVIEWS_WRITE,)}

    @extend_schema(
        request=DraftSerializer,
        responses=AssignmentSerializer,
        parameters=[OpenApiParameter(KEY_HEADER, UUID, OpenApiParameter.HEADER, required=True)],
    )
    def post(self, request: Request, assignment: str) -> Response:
        annotation = self.assignment().annotation
        actions.submit(annotation, **self.draft(request), key=_key(request), by=self.person)
        return self.answer()


def _key(request: Request) -> UUID:
    try:
        return UUID(request.headers.get(KEY_HEADER, ""))
    except ValueError:
        raise ValidationError(
            {KEY_HEADER: "Send a fresh UUID with each submission, the same one when you retry."}
        ) from None


class AssignmentUndo(AssignmentView):
    """Take a submission back, while others still have to submit."""

    required_scopes: ClassVar[Scopes] = {"POST": (Scope.REVIEWS_WRITE,)}

    @extend_schema(request=None, responses={200: AssignmentSerializer})
    def post(self, request: Request, assignment: str) -> Response:
        actions.undo(self.assignment().annotation, by=self.person)
        return self.answer()


class AssignmentSkip(AssignmentView):
    """Give the case back with a reason; it is not offered to the person again."""

    required_scopes: ClassVar[Scopes] = {"POST": (Scope.REVIEWS_WRITE,)}

    @extend_schema(request=SkipSerializer, responses={200: AssignmentSerializer})
    def post(self, request: Request, assignment: str) -> Response:
        held = self.assignment()
        given = SkipSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        actions.skip(held, **given.validated_data, by=self.person)
        return self.answer()
