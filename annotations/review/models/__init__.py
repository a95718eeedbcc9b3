from annotations.review.models.adjudications import (
    Adjudication,
    AdjudicationDraft,
    FinalVerdict,
    Question,
    Reply,
    ReplyDraft,
    SecondAdjudication,
    SecondVerdict,
)
from annotations.review.models.annotations import (
    LEASE,
    Annotation,
    Answer,
    Assignment,
    Citation,
    Confidence,
    GuidelineGap,
    Verdict,
    lease_end,
)
from annotations.review.models.cases import DUE, NEVER, UNDATED_WAITS, Case, Seat
from annotations.review.models.gold import GoldAnswer, GoldCase, QueuePause
from annotations.review.models.rounds import RubricRound
from annotations.review.models.settings import ReviewSettings, lease_end_in, settings_of
from annotations.review.models.steering import BulkChange, SavedView

__all__ = [
    "DUE",
    "LEASE",
    "NEVER",
    "UNDATED_WAITS",
    "Adjudication",
    "AdjudicationDraft",
    "Annotation",
    "Answer",
    "Assignment",
    "BulkChange",
    "Case",
    "Citation",
    "Confidence",
    "FinalVerdict",
    "GoldAnswer",
    "GoldCase",
    "GuidelineGap",
    "Question",
    "QueuePause",
    "Reply",
    "ReplyDraft",
    "ReviewSettings",
    "RubricRound",
    "SavedView",
    "Seat",
    "SecondAdjudication",
    "SecondVerdict",
    "Verdict",
    "lease_end",
    "lease_end_in",
    "settings_of",
]
