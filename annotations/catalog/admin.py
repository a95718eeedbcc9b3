from django.contrib import admin

from annotations.catalog.models import Task, TaskVersion
from annotations.core.admin import ReadOnlyAdmin


@admin.register(Task)
class TaskAdmin(ReadOnlyAdmin):
    list_display = ["title", "slug", "project", "status", "author", "created_at"]
    list_filter = ["status", "project"]
    list_select_related = ["project", "author"]
    search_fields = ["title", "slug"]


@admin.register(TaskVersion)
class TaskVersionAdmin(ReadOnlyAdmin):
    list_display = ["name", "number", "project", "digest", "created_by", "created_at"]
    list_filter = ["project"]
    list_select_related = ["project", "created_by"]
    search_fields = ["name", "digest"]
