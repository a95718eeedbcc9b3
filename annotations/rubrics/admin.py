from django.contrib import admin

from annotations.core.admin import ReadOnlyAdmin
from annotations.rubrics.models import Criterion, Rubric, RubricVersion


@admin.register(Rubric)
class RubricAdmin(ReadOnlyAdmin):
    list_display = ["title", "project", "subject_kind"]
    list_select_related = ["project"]


@admin.register(RubricVersion)
class RubricVersionAdmin(ReadOnlyAdmin):
    list_display = ["rubric", "number", "published_at"]
    list_select_related = ["rubric"]


@admin.register(Criterion)
class CriterionAdmin(ReadOnlyAdmin):
    list_display = ["title", "rubric_version", "position", "serves", "scale"]
    list_filter = ["serves", "scale"]
    list_select_related = ["rubric_version__rubric"]
