"""How a project hands out cases and settles them: everyone who writes may read it, a lead changes it."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods

from annotations.accounts import roles
from annotations.accounts.models import Project
from annotations.core.decisions import require
from annotations.core.errors import Conflict, Invalid
from annotations.review import actions
from annotations.review.models import ReviewSettings, settings_of
from reviewapp.errors import status_of
from reviewapp.web.access import person, project_for
from reviewapp.web.refusals import attempt, explain


class ReviewSettingsForm(forms.Form):
    """Every setting, with a sentence on what it does."""

    mode = forms.ChoiceField(
        label=lazy("Who chooses"),
        choices=ReviewSettings.Mode.choices,
        help_text=lazy("What a lead assigns comes first in both; with the second, nothing else is handed out."),
    )
    order = forms.ChoiceField(
        label=lazy("Order"),
        choices=ReviewSettings.Order.choices,
        help_text=lazy(
            "Priority goes before either. A case without a due date is due two weeks after it was opened. An answer "
            "tells most where people disagree or few have answered; a week of waiting counts as much as a criterion "
            "in dispute."
        ),
    )
    lease_minutes = forms.IntegerField(
        label=lazy("Minutes a case stays reserved"),
        min_value=5,
        max_value=10_080,
        help_text=lazy("Counted from the last save. Then it goes back to the queue, and the draft is kept."),
    )
    daily_quota = forms.IntegerField(
        label=lazy("Cases per person and day"),
        required=False,
        min_value=1,
        max_value=1000,
        help_text=lazy("Empty means no end. A person's own quota goes before this one; days begin at 00:00 UTC."),
    )
    extra_annotators = forms.IntegerField(
        label=lazy("Extra annotators"),
        min_value=0,
        max_value=10,
        help_text=lazy("At most so many more people are asked, one after the other, before a case goes to a lead."),
    )
    extra_beyond = forms.IntegerField(
        label=lazy("Disputed criteria without an extra annotator"),
        min_value=0,
        max_value=100,
        help_text=lazy("One more person is asked when the answers differ on more criteria than this."),
    )
    second_lead_percent = forms.IntegerField(
        label=lazy("Cases a second lead settles again, in percent"),
        min_value=0,
        max_value=100,
        help_text=lazy("Drawn at random and settled unseen. It measures how leads agree and changes no outcome."),
    )
    gold_percent = forms.IntegerField(
        label=lazy("Gold cases among those experts take, in percent"),
        min_value=0,
        max_value=100,
        help_text=lazy("Settled cases that leads marked, dealt unseen. Nobody gets one whose task they know."),
    )
    gold_minimum = forms.IntegerField(
        label=lazy("Criteria answered before anything is judged"),
        min_value=1,
        max_value=1000,
        help_text=lazy("Of gold cases. Then the newest answers count, up to five times as many."),
    )
    gold_threshold = forms.IntegerField(
        label=lazy("Answers that must be as expected, in percent"),
        min_value=0,
        max_value=100,
        help_text=lazy("Below it the person's queue is paused, and leads are told; a lead opens it again."),
    )
    gold_feedback = forms.BooleanField(
        label=lazy("Show people what was expected after a gold case"),
        required=False,
        help_text=lazy("It trains them, and tells them that it was one."),
    )
    blind_first = forms.BooleanField(
        label=lazy("Leads answer before they see anybody's answers"),
        required=False,
        help_text=lazy("It keeps the majority from deciding for them, and takes them longer."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def review_settings(request: HttpRequest, project: str) -> HttpResponse:
    place, user = project_for(request, project), person(request)
    require(roles.can_write(user, place))
    if request.method != "POST":
        return _page(request, place, ReviewSettingsForm(initial=vars(settings_of(place))))
    require(roles.can_lead(user, place))
    form = ReviewSettingsForm(request.POST)
    if not form.is_valid():
        return _page(request, place, form, status=422)
    made = attempt(lambda: actions.set_review_settings(place, by=user, **form.cleaned_data))
    if isinstance(made, Conflict | Invalid):
        explain(form, made)
        return _page(request, place, form, status=status_of(made))
    messages.success(request, _("The review settings hold from now on."))
    return redirect("review-settings", place.slug)


def _page(request: HttpRequest, place: Project, form: ReviewSettingsForm, status: int = 200) -> HttpResponse:
    context = {"project": place, "form": form, "may_set": roles.can_lead(person(request), place)}
    return render(request, "policy/review.html", context, status=status)


urlpatterns = [path("", review_settings, name="review-settings")]
