"""Every address: pages per screen, the API, sign-in, the admin."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign, no-untyped-call]

urlpatterns = [
    path("", include("reviewapp.web.home")),
    path("p/<slug:project>/queue/", include("reviewapp.web.queue")),
    path("p/<slug:project>/review/", include("reviewapp.web.review")),
    path("p/<slug:project>/adjudicate/", include("reviewapp.web.adjudicate")),
    path("p/<slug:project>/", include("reviewapp.web.asking")),
    path("p/<slug:project>/overview/", include("reviewapp.web.overview")),
    path("p/<slug:project>/agreement/", include("reviewapp.web.agreement")),
    path("p/<slug:project>/tasks/", include("reviewapp.web.tasks")),
    path("p/<slug:project>/tasks/", include("reviewapp.web.appeals")),
    path("p/<slug:project>/probes/", include("reviewapp.web.probes")),
    path("p/<slug:project>/discussion/", include("reviewapp.web.discussion")),
    path("p/<slug:project>/rubrics/", include("reviewapp.web.rubrics")),
    path("p/<slug:project>/rubrics/", include("reviewapp.web.rubric_editor")),
    path("p/<slug:project>/rubrics/", include("reviewapp.web.rubric_history")),
    path("p/<slug:project>/rubrics/", include("reviewapp.web.guidelines")),
    path("p/<slug:project>/policy/", include("reviewapp.web.policy")),
    path("p/<slug:project>/policy/review/", include("reviewapp.web.review_settings")),
    path("p/<slug:project>/datasets/", include("reviewapp.web.datasets")),
    path("notices/", include("reviewapp.web.notices")),
    path("p/<slug:project>/people/", include("reviewapp.web.people")),
    path("invitations/", include("reviewapp.web.joining")),
    path("p/<slug:project>/trail/", include("reviewapp.web.trail")),
    path("preferences/", include("reviewapp.web.preferences")),
    path("accounts/sessions/", include("reviewapp.web.sessions")),  # in place of those of allauth
    path("tokens/", include("reviewapp.web.tokens")),
    path("api/v1/", include("reviewapp.api.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "reviewapp.errors.bad_request"
handler500 = "reviewapp.errors.server_error"
