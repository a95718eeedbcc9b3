from django.contrib import admin

from annotations.core.admin import ReadOnlyAdmin
from annotations.evidence.models import CheckResult, CheckRun


@admin.register(CheckRun)
class CheckRunAdmin(ReadOnlyAdmin):
    list_display = ["id", "task_version", "status", "attempt", "worker", "requested_at", "finished_at"]
    list_filter = ["status", "project"]
    list_select_related = ["task_version__task"]


@admin.register(CheckResult)
class CheckResultAdmin(ReadOnlyAdmin):
    list_display = ["title", "run", "outcome", "summary"]
    list_filter = ["outcome", "key"]
    list_select_related = ["run__task_version__task"]
