from django.contrib import admin

from annotations.core.admin import ReadOnlyAdmin
from annotations.review.models import Adjudication, Annotation, Assignment, Case


@admin.register(Case)
class CaseAdmin(ReadOnlyAdmin):
    list_display = ["id", "task_version", "round", "status", "overlap", "opened_at"]
    list_filter = ["status", "project"]
    list_select_related = ["task_version__task"]


@admin.register(Assignment)
class AssignmentAdmin(ReadOnlyAdmin):
    list_display = ["id", "annotator", "status", "lease_ends_at"]
    list_filter = ["status"]
    list_select_related = ["annotator"]


@admin.register(Annotation)
class AnnotationAdmin(ReadOnlyAdmin):
    list_display = ["id", "author", "status", "version", "submitted_at"]
    list_filter = ["status"]
    list_select_related = ["author"]


@admin.register(Adjudication)
class AdjudicationAdmin(ReadOnlyAdmin):
    list_display = ["id", "by", "reason", "settled_at"]
    list_select_related = ["by"]
