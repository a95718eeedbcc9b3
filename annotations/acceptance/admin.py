from django.contrib import admin

from annotations.acceptance.models import AcceptancePolicy, Decision
from annotations.core.admin import ReadOnlyAdmin


@admin.register(AcceptancePolicy)
class AcceptancePolicyAdmin(ReadOnlyAdmin):
    list_display = ["project", "number", "oracle_runs", "nop_runs", "overlap", "max_rounds", "created_at"]
    list_filter = ["project"]
    list_select_related = ["project"]


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    list_display = ["task_version", "outcome", "round", "policy", "decided_at"]
    list_filter = ["outcome", "project"]
    list_select_related = ["task_version__task", "policy__project"]
