from django.contrib import admin

from annotations.core.admin import ReadOnlyAdmin
from annotations.datasets.models import Dataset, Release


@admin.register(Dataset)
class DatasetAdmin(ReadOnlyAdmin):
    list_display = ["title", "slug", "project", "created_at"]
    list_filter = ["project"]
    list_select_related = ["project"]


@admin.register(Release)
class ReleaseAdmin(ReadOnlyAdmin):
    list_display = ["dataset", "version", "digest", "task_count", "created_by", "created_at"]
    list_filter = ["project"]
    list_select_related = ["dataset", "created_by"]
