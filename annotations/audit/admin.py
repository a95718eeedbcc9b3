from django.contrib import admin

from annotations.audit.models import AuditEvent
from annotations.core.admin import ReadOnlyAdmin


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ["at", "verb", "actor", "target_kind", "target_id"]
    list_filter = ["verb", "target_kind"]
    list_select_related = ["actor"]
    search_fields = ["target_id", "project_id"]
