from annotations.agreement.queries.cases import (
    CaseAgreement,
    CaseBehind,
    CasesBehind,
    case_agreement,
    cases_behind,
)
from annotations.agreement.queries.filters import Choices, Filters, choices
from annotations.agreement.queries.pairs import PairTable, pairs
from annotations.agreement.queries.patterns import (
    EVERYTHING,
    measured,
    patterns,
    raters,
    units,
    weekly_patterns,
)
from annotations.agreement.queries.rating_table import rating_table
from annotations.agreement.queries.snapshots import daily, following, history, newest, newest_of, numbers, versions

__all__ = [
    "EVERYTHING",
    "CaseAgreement",
    "CaseBehind",
    "CasesBehind",
    "Choices",
    "Filters",
    "PairTable",
    "case_agreement",
    "cases_behind",
    "choices",
    "daily",
    "following",
    "history",
    "measured",
    "newest",
    "newest_of",
    "numbers",
    "pairs",
    "patterns",
    "raters",
    "rating_table",
    "units",
    "versions",
    "weekly_patterns",
]
