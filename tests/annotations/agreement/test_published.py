"""Every value of the published tables."""

from dataclasses import asdict
from functools import cache
from typing import Any

import numpy as np
import pytest

from annotations.agreement.statistics.dawid_skene import dawid_skene
from annotations.agreement.statistics.estimates import Estimate
from annotations.agreement.statistics.intraclass import intraclass
from annotations.agreement.statistics.proportions import clopper_pearson, wilson
from annotations.agreement.statistics.raters import confusion, weighted_disagreement
from annotations.agreement.statistics.ratings import Level
from annotations.agreement.statistics.summary import summarize
from tests.annotations.agreement.published import TABLES, Published

# What the sources call a coefficient, where we call it otherwise.
RENAMED = (
    ("alpha_nominal_se_gwet", "alpha_nominal_analytic_se"),
    ("alpha_nominal_ci_gwet", "alpha_nominal_analytic_ci"),
    ("bp", "brennan_prediger"),
    ("scott_pi", "fleiss_kappa"),
    ("weighted_kappa", "cohen_kappa"),
    ("fleiss_linear", "fleiss_kappa_linear"),
    ("fleiss_quadratic", "fleiss_kappa_quadratic"),
    ("conger_linear", "conger_kappa_linear"),
    ("conger_quadratic", "conger_kappa_quadratic"),
)


def our_name(name: str) -> str:
    return next((ours + name[len(theirs) :] for theirs, ours in RENAMED if name.startswith(theirs)), name)


@cache
def coefficients(table: str) -> dict[str, Estimate]:
    return summarize(Published.read(table).ratings, Level.NOMINAL, resamples=0).coefficients


def values() -> list[tuple[str, str]]:
    return [(table, name) for table in TABLES for name in Published.read(table).expected]


@pytest.mark.parametrize(("table", "name"), values())
def test_it_gives_the_published_value(table: str, name: str) -> None:
    published = Published.read(table)
    found = np.ravel(_found(table, published, our_name(name)))
    assert found == pytest.approx(np.ravel(published.expected[name]), abs=published.tolerance(name))


def _found(table: str, published: Published, name: str) -> Any:
    if name.startswith("cohen_kappa_custom"):
        apart = published.given["custom_disagreement" + ("_asymmetric" if name.endswith("asymmetric") else "")]
        return weighted_disagreement(confusion(published.ratings, 0, 1), np.array(apart, dtype=float))
    if name.isupper():
        squares = intraclass(np.array(published.given["rows"], dtype=float)).squares
        assert squares
        return {"BMS": squares.between, "WMS": squares.within, "JMS": squares.raters, "EMS": squares.error}[name]
    found = coefficients(table)
    if name.endswith("_ci"):
        estimate = found[name.removesuffix("_ci")]
        return [estimate.low, estimate.high]
    return found[name.removesuffix("_se")].se if name.endswith("_se") else found[name].value


def test_it_gives_the_published_grades_of_the_anaesthetists() -> None:
    published = Published.read("anaesthetists")
    observers = [number - 1 for number in published.given["raters"]]
    rows = np.array(published.given["rows"])
    items, columns = np.indices(rows.shape)
    model = dawid_skene(items.ravel(), np.array(observers)[columns.ravel()], rows.ravel() - 1, 4)
    expected = published.expected
    assert model.prior == pytest.approx(expected["class_prior_exact"], abs=1e-5)
    assert model.rates[0] == pytest.approx(np.array(expected["observer1_exact"]), abs=1e-4)
    assert model.log_likelihoods[-1] == pytest.approx(expected["loglik"], abs=1e-5)
    assert (model.labels + 1).tolist() == expected["map_labels"]
    assert list(model.log_likelihoods) == sorted(model.log_likelihoods)


@pytest.mark.parametrize("case", Published.read("newcombe").expected, ids=lambda case: f"{case['x']}-of-{case['n']}")
def test_it_gives_the_published_intervals_of_shares(case: dict[str, Any]) -> None:
    for interval, name in ((wilson, "wilson_exact"), (clopper_pearson, "clopper_pearson_exact")):
        found = asdict(interval(case["x"], case["n"]))
        assert [found["low"], found["high"]] == pytest.approx(case[name], abs=1e-7)
