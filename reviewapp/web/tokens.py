from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from annotations.accounts import actions
from annotations.accounts.actions import NewToken
from annotations.accounts.models import ApiToken
from annotations.accounts.policies import LONGEST_TOKEN_LIFE
from annotations.core.errors import Conflict, Invalid
from reviewapp.web.access import person
from reviewapp.web.refusals import attempt, explain


class TokenForm(forms.Form):
    """What a new token is for, may do, and for how long."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=80, help_text=gettext_lazy("What will use it, such as “CI”.")
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Scopes"), choices=ApiToken.Scope.choices, widget=forms.CheckboxSelectMultiple
    )
    days = forms.IntegerField(
        label=gettext_lazy("Days it lives"), min_value=1, max_value=LONGEST_TOKEN_LIFE.days, initial=90
    )


@never_cache
@sensitive_variables("made")
@require_http_methods(["GET", "HEAD", "POST"])
def token_list(request: HttpRequest) -> HttpResponse:
    """One's tokens and a form for the next; the answer to the form is the only page that ever shows its secret."""
    if request.method != "POST":
        return _page(request, TokenForm(initial={"scopes": [ApiToken.Scope.DATASETS_READ]}))
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    given = form.cleaned_data
    made = attempt(lambda: actions.create_token(given["name"], given["scopes"], days=given["days"], by=person(request)))
    if isinstance(made, Conflict | Invalid):
        explain(form, made)
        return _page(request, form, status=422)
    return _page(request, TokenForm(), made=made, status=201)


def _page(request: HttpRequest, form: TokenForm, *, made: NewToken | None = None, status: int = 200) -> HttpResponse:
    tokens = ApiToken.objects.filter(user=person(request))
    context = {"form": form, "tokens": tokens, "made": made, "now": timezone.now()}
    return render(request, "tokens/list.html", context, status=status)


@require_POST
def token_revoke(request: HttpRequest, token: UUID) -> HttpResponse:
    row = get_object_or_404(ApiToken, user=person(request), public_id=token)
    name = row.name
    actions.revoke_token(row, by=person(request))
    messages.success(request, _("“%(name)s” is revoked and useless from now on.") % {"name": name})
    return redirect("token-list")


urlpatterns = [
    path("", token_list, name="token-list"),
    path("<uuid:token>/revoke/", token_revoke, name="token-revoke"),
]
