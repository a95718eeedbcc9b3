from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_safe

from annotations.accounts.models import Project
from reviewapp.web.access import person


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The first project's queue, or a word on how to get into one."""
    project = Project.objects.visible_to(person(request)).first()
    return redirect("queue", project.slug) if project else render(request, "home/empty.html")


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")


urlpatterns = [path("", home, name="home"), path("healthz", healthz, name="healthz")]
