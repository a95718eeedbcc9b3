from django.db import models
from django.db.models import Q

from annotations.accounts.models import User
from annotations.core.ids import new_id
from annotations.core.sealed import Sealed
from annotations.review.models.annotations import Annotation, Answer, Confidence
from annotations.review.models.cases import Case
from annotations.rubrics.models import Criterion


class Adjudication(Sealed):
    """The final verdicts of a case: by unanimity (nobody's name), or by a lead with a reason."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="adjudication")
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="adjudications")
    reason = models.TextField(blank=True)
    confidence = models.SmallIntegerField(choices=Confidence, null=True)
    settled_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["settled_at"], name="adjudication_settled")]
        constraints = [
            models.CheckConstraint(
                condition=Q(by__isnull=True) | ~Q(reason=""), name="adjudication_by_person_has_reason"
            )
        ]

    def __str__(self) -> str:
        return f"Adjudication of {self.case}"


class FinalVerdict(Answer, Sealed):
    """One criterion's settled value, and why people had disagreed on it."""

    class Cause(models.TextChoices):
        EVIDENCE = "evidence", "Different evidence"
        GUIDELINE = "guideline", "Guideline gap"
        MISTAKE = "mistake", "Mistake"
        JUDGEMENT = "judgement", "Judgement call"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    adjudication = models.ForeignKey(Adjudication, on_delete=models.PROTECT, related_name="verdicts")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="final_verdicts")
    cause = models.CharField(max_length=10, choices=Cause, blank=True)

    class Meta:
        ordering = ["criterion__position"]
        constraints = [
            models.UniqueConstraint(fields=["adjudication", "criterion"], name="final_verdict_unique"),
            models.CheckConstraint(
                condition=Q(code__isnull=False) ^ Q(cannot_tell=True), name="final_verdict_one_answer"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.criterion}: {self.code}"


class AdjudicationDraft(models.Model):
    """A lead's unfinished adjudication, saved as they type; `blind` is what they answered before seeing the others."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="adjudication_drafts")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="adjudication_drafts")
    version = models.PositiveIntegerField(default=1, help_text="Counts saves; a stale write is refused.")
    finals = models.JSONField(default=dict, help_text="By criterion: code, cannot_tell, rationale, cause.")
    reason = models.TextField(blank=True)
    confidence = models.SmallIntegerField(choices=Confidence, null=True)
    blind = models.JSONField(null=True, help_text="By criterion: the code, or null for cannot tell.")
    saved_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "by"], name="adjudication_draft_unique")]

    def __str__(self) -> str:
        return f"Draft by {self.by} of {self.case}"


class SecondAdjudication(models.Model):
    """A settled case that another lead settles once more, unaware of it; it measures leads and changes nothing."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="second_adjudication")
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="second_adjudications")
    reason = models.TextField(blank=True)
    confidence = models.SmallIntegerField(choices=Confidence, null=True)
    drawn_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(by__isnull=True, settled_at__isnull=True) | Q(by__isnull=False, settled_at__isnull=False),
                name="second_adjudication_settled_by_somebody",
            )
        ]

    def __str__(self) -> str:
        return f"Second adjudication of {self.case}"


class SecondVerdict(Answer, Sealed):
    """One criterion's value in a second adjudication."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    adjudication = models.ForeignKey(SecondAdjudication, on_delete=models.PROTECT, related_name="verdicts")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="second_verdicts")

    class Meta:
        ordering = ["criterion__position"]
        constraints = [
            models.UniqueConstraint(fields=["adjudication", "criterion"], name="second_verdict_unique"),
            models.CheckConstraint(
                condition=Q(code__isnull=False) ^ Q(cannot_tell=True), name="second_verdict_one_answer"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.criterion}: {self.code}"


class Question(models.Model):
    """What a lead asks a case's annotators, once; they answer without learning who the others are."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="question")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="questions")
    criterion = models.ForeignKey(Criterion, null=True, on_delete=models.PROTECT, related_name="questions")
    criteria = models.ManyToManyField(
        Criterion, related_name="+", help_text="What replies may change: it, or all that was in dispute when asked."
    )
    text = models.TextField()
    asked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="question_says_something")]

    def __str__(self) -> str:
        return f"Question on {self.case}"


class Reply(models.Model):
    """One annotator's answer to a lead's question."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="replies")
    annotation = models.ForeignKey(Annotation, on_delete=models.PROTECT, related_name="replies")
    text = models.TextField()
    replied_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["question", "annotation"], name="reply_once"),
            models.CheckConstraint(condition=~Q(text=""), name="reply_says_something"),
        ]

    def __str__(self) -> str:
        return f"Reply to {self.question}"


class ReplyDraft(models.Model):
    """An annotator's unfinished reply, saved as they type, with the answers they would change; gone once it is sent."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    annotation = models.OneToOneField(Annotation, on_delete=models.PROTECT, related_name="reply_draft")
    version = models.PositiveIntegerField(default=1, help_text="Counts saves; a stale write is refused.")
    text = models.TextField(blank=True)
    answers = models.JSONField(default=dict, help_text="By criterion: code, cannot_tell, rationale.")
    saved_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"Draft of a reply by {self.annotation.author}"
