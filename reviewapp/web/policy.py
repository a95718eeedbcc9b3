"""What a project demands of its tasks: everyone who writes may read it, a lead sets the next version."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods

from annotations.acceptance import actions
from annotations.acceptance.models import AcceptancePolicy
from annotations.acceptance.queries import current_policy
from annotations.accounts import roles
from annotations.accounts.models import Project
from annotations.core.decisions import require
from annotations.core.errors import Conflict, Invalid
from annotations.evidence.models import CheckResult
from annotations.rubrics.models import Criterion
from harness.checks import REGISTRY, Check
from reviewapp.errors import status_of
from reviewapp.web.access import person, project_for
from reviewapp.web.refusals import attempt, explain

_OWN = "severity-"


class PolicyForm(forms.Form):
    """How often things are tried, how many people judge, and how grave each check is."""

    oracle_runs = forms.IntegerField(
        label=lazy("Runs of the reference solution"),
        min_value=1,
        max_value=20,
        help_text=lazy("It must earn the full reward in every one."),
    )
    nop_runs = forms.IntegerField(label=lazy("Runs that do nothing"), min_value=1, max_value=20)
    mutants = forms.IntegerField(
        label=lazy("Mutants of the reference's result"),
        min_value=0,
        max_value=40,
        help_text=lazy("At most so many spoilt results are shown to the verifier, which should reject them."),
    )
    overlap = forms.IntegerField(label=lazy("People who judge each task"), min_value=1, max_value=10)
    max_rounds = forms.IntegerField(
        label=lazy("Rounds"),
        min_value=1,
        max_value=10,
        help_text=lazy("A task that is not accepted in the last one is rejected."),
    )
    agreement_floor = forms.FloatField(
        label=lazy("Agreement before a release"),
        min_value=0,
        max_value=1,
        required=False,
        help_text=lazy("What α of every criterion has to be at least, by its interval: 0.667, say. Empty: no demand."),
    )
    isolation = forms.ChoiceField(label=lazy("Isolation of its containers"), choices=AcceptancePolicy.Isolation.choices)
    unanimity_settles = forms.BooleanField(label=lazy("Settle a case without a lead when all agree"), required=False)
    allow_network = forms.BooleanField(label=lazy("Take tasks that use the network"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for check in REGISTRY:
            self.fields[_OWN + check.key] = _severity_field(check)

    @property
    def demands(self) -> dict[str, Any]:
        """What a valid form asks for, as the action takes it."""
        given = self.cleaned_data
        severities = {check.key: given[_OWN + check.key] for check in REGISTRY if given[_OWN + check.key]}
        return {name: value for name, value in given.items() if not name.startswith(_OWN)} | {"severities": severities}

    @staticmethod
    def initial_of(policy: AcceptancePolicy) -> dict[str, Any]:
        """What the form shows for a policy."""
        plain = {name: getattr(policy, name) for name in PolicyForm.base_fields}
        return plain | {_OWN + key: severity for key, severity in policy.severities.items()}


def _severity_field(check: Check) -> forms.ChoiceField:
    labels = dict(CheckResult.Severity.choices)
    own = _("As the check says: %(severity)s") % {"severity": labels[check.severity.value].lower()}
    return forms.ChoiceField(label=check.title, required=False, choices=[("", own), *CheckResult.Severity.choices])


@dataclass(frozen=True)
class CheckRow:
    """A check and the field that sets how grave it is; `severity` is what holds now."""

    check: Check
    severity: str
    label: str
    field: forms.BoundField


@dataclass(frozen=True)
class Group:
    criterion: str
    rows: list[CheckRow]


@require_http_methods(["GET", "HEAD", "POST"])
def policy_detail(request: HttpRequest, project: str) -> HttpResponse:
    place = project_for(request, project)
    require(roles.can_write(person(request), place))
    policy = current_policy(place)
    if request.method != "POST":
        return _page(request, place, policy, PolicyForm(initial=PolicyForm.initial_of(policy)))
    require(roles.can_lead(person(request), place))
    form = PolicyForm(request.POST)
    if not form.is_valid():
        return _page(request, place, policy, form, status=422)
    made = attempt(lambda: actions.set_policy(place, by=person(request), **form.demands))
    if isinstance(made, Conflict | Invalid):
        explain(form, made)
        return _page(request, place, policy, form, status=status_of(made))
    messages.success(request, _("Policy %(number)d holds from now on.") % {"number": made.number})
    return redirect("policy", place.slug)


def _page(
    request: HttpRequest, place: Project, policy: AcceptancePolicy, form: PolicyForm, status: int = 200
) -> HttpResponse:
    context = {
        "project": place,
        "policy": policy,
        "form": form,
        "plain_fields": [form[name] for name in PolicyForm.base_fields],
        "groups": _groups(policy, form),
        "earlier": AcceptancePolicy.objects.filter(project=place).exclude(pk=policy.pk)[:20],
        "may_set": roles.can_lead(person(request), place),
    }
    return render(request, "policy/detail.html", context, status=status)


def _groups(policy: AcceptancePolicy, form: PolicyForm) -> Sequence[Group]:
    return [
        Group(serves.label, [_row(check, policy, form) for check in REGISTRY if check.criterion.value == serves.value])
        for serves in Criterion.Serves
    ]


def _row(check: Check, policy: AcceptancePolicy, form: PolicyForm) -> CheckRow:
    severity = policy.severities.get(check.key, check.severity.value)
    return CheckRow(check, severity, CheckResult.Severity(severity).label, form[_OWN + check.key])


urlpatterns = [path("", policy_detail, name="policy")]
