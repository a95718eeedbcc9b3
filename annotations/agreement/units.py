"""Units in step with cases, by statements over whole sets: a million verdicts never come to Python.

A case has units once everybody has answered it; while it is open none, for its numbers would tell what others said.

An appeal asks nobody anew: it is the same answers before another lead, so it has no units of its own, or people would
count twice. What that lead settles is what stands, so it becomes `final` in the units of the case appealed against;
where the second, unaware lead is that same person, the two answers are not two leads', and `second` stays empty.
Copies of gold cases have none either, as they count nowhere.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from annotations.accounts.models import Project

# ruff: noqa: S608  # nothing in these statements comes from outside

# Only what happens to a case, to an answer in it or to its second adjudication can change its units. The last two name
# no project, so those are found by their case.
_TOUCHED = """
WITH happened AS MATERIALIZED (
    SELECT DISTINCT target_id FROM audit_auditevent
    WHERE (project_id = %(project)s OR project_id IS NULL) AND at >= %(since)s
      AND target_kind IN ('case', 'annotation', 'secondadjudication')
), touched AS (
    SELECT target_id AS id FROM happened
    UNION SELECT case_id FROM review_annotation WHERE id IN (SELECT target_id FROM happened)
    UNION SELECT case_id FROM review_secondadjudication WHERE id IN (SELECT target_id FROM happened)
)
SELECT COALESCE(CASE WHEN judged.appealed THEN judged.follows_id END, judged.id)
FROM review_case AS judged JOIN touched USING (id) WHERE judged.project_id = %(project)s
"""

_CASES = """
judged.project_id = %(project)s AND judged.gold_of_id IS NULL
AND (%(cases)s::uuid[] IS NULL OR judged.id = ANY(%(cases)s))
"""

_REMOVE = f"""
DELETE FROM agreement_unit AS unit USING review_case AS judged
WHERE unit.case_id = judged.id AND {_CASES} AND (
    judged.status = 'open' OR judged.status <> 'cancelled' AND NOT EXISTS (
        SELECT FROM review_annotation AS given JOIN review_verdict AS verdict ON verdict.annotation_id = given.id
        WHERE given.case_id = judged.id AND given.status = 'submitted' AND verdict.criterion_id = unit.criterion_id
    )
)
"""

_CANCEL = f"""
UPDATE agreement_unit AS unit SET excluded = 'cancelled' FROM review_case AS judged
WHERE unit.case_id = judged.id AND {_CASES} AND judged.status = 'cancelled' AND unit.excluded <> 'cancelled'
"""

# `before` is what people had answered when a lead asked them: the trail keeps it when a reply changes an answer.
_ADD = f"""
WITH judged AS MATERIALIZED (
    SELECT id, project_id, status = 'settled' AS settled FROM review_case AS judged
    WHERE {_CASES} AND status IN ('adjudication', 'asked', 'settled') AND NOT appealed
), before AS MATERIALIZED (
    SELECT DISTINCT ON (given.id, told.key)
           given.id AS annotation_id, told.key::uuid AS criterion_id, (told.value ->> 'code')::smallint AS code
    FROM judged JOIN review_question AS question ON question.case_id = judged.id
         JOIN review_annotation AS given ON given.case_id = judged.id
         JOIN audit_auditevent AS event ON event.target_id = given.id AND event.verb = 'annotation.revised'
         CROSS JOIN LATERAL jsonb_each(event.facts -> 'before') AS told
    ORDER BY given.id, told.key, event.at
), answers AS (
    SELECT judged.id AS case_id, verdict.criterion_id, seat.number, given.author_id, given.submitted_at,
           CASE WHEN before.annotation_id IS NULL THEN verdict.code ELSE before.code END AS code
    FROM judged JOIN review_annotation AS given ON given.case_id = judged.id AND given.status = 'submitted'
         JOIN review_assignment AS held ON held.id = given.assignment_id
         JOIN review_seat AS seat ON seat.id = held.seat_id
         JOIN review_verdict AS verdict ON verdict.annotation_id = given.id
         LEFT JOIN before ON before.annotation_id = given.id AND before.criterion_id = verdict.criterion_id
), units AS (
    SELECT case_id, criterion_id, max(submitted_at) AS at, count(code) AS told, min(code) = max(code) AS alike,
           array_agg(author_id ORDER BY number) AS raters, array_agg(code ORDER BY number) AS codes
    FROM answers GROUP BY case_id, criterion_id
), standing AS (
    SELECT DISTINCT ON (judged.id) judged.id AS case_id,
           COALESCE(later.id, own.id) AS adjudication_id, COALESCE(later.by_id, own.by_id) AS lead
    FROM judged JOIN review_adjudication AS own ON own.case_id = judged.id
         LEFT JOIN review_case AS appeal ON appeal.follows_id = judged.id AND appeal.appealed
         LEFT JOIN review_adjudication AS later ON later.case_id = appeal.id
    ORDER BY judged.id, later.settled_at DESC NULLS LAST
)
INSERT INTO agreement_unit AS unit
    (project_id, case_id, criterion_id, at, raters, codes, lead, final, second_lead, second, agreement, excluded,
     settled)
SELECT judged.project_id, units.case_id, units.criterion_id, units.at, units.raters, units.codes,
       standing.lead, final.code, again.by_id, second.code,
       CASE WHEN units.told < 2 THEN NULL WHEN units.alike THEN 1 ELSE (
           SELECT sum(often * (often - 1)) / (units.told * (units.told - 1))
           FROM (SELECT count(*) AS often FROM unnest(units.codes) AS code WHERE code IS NOT NULL GROUP BY code) AS each
       ) END,
       CASE WHEN units.told < 2 THEN 'single' ELSE '' END, judged.settled
FROM units JOIN judged ON judged.id = units.case_id
     LEFT JOIN standing USING (case_id)
     LEFT JOIN review_finalverdict AS final
          ON final.adjudication_id = standing.adjudication_id AND final.criterion_id = units.criterion_id
     LEFT JOIN review_secondadjudication AS again ON again.case_id = units.case_id AND again.by_id <> standing.lead
     LEFT JOIN review_secondverdict AS second
          ON second.adjudication_id = again.id AND second.criterion_id = units.criterion_id
ORDER BY units.case_id, units.criterion_id
ON CONFLICT (case_id, criterion_id) DO UPDATE SET
    at = EXCLUDED.at, raters = EXCLUDED.raters, codes = EXCLUDED.codes, lead = EXCLUDED.lead, final = EXCLUDED.final,
    second_lead = EXCLUDED.second_lead, second = EXCLUDED.second, agreement = EXCLUDED.agreement,
    excluded = EXCLUDED.excluded, settled = EXCLUDED.settled
WHERE (unit.at, unit.raters, unit.codes, unit.lead, unit.final, unit.second_lead, unit.second, unit.excluded,
       unit.settled)
      IS DISTINCT FROM (EXCLUDED.at, EXCLUDED.raters, EXCLUDED.codes, EXCLUDED.lead, EXCLUDED.final,
                        EXCLUDED.second_lead, EXCLUDED.second, EXCLUDED.excluded, EXCLUDED.settled)
"""


_ROOM = "SET LOCAL work_mem = '128MB'"  # a million answers are sorted once, and not by way of the disk


def touched(project: Project, *, since: datetime) -> list[UUID]:
    """The cases whose units may differ from what they were then."""
    with connection.cursor() as cursor:
        cursor.execute(_TOUCHED, {"project": project.pk, "since": since})
        return list({pk for (pk,) in cursor.fetchall()})


@transaction.atomic
def renew(project: Project, cases: Collection[UUID] | None = None) -> None:
    """Make the units of these cases, or of all, what the cases are now; again, it changes nothing."""
    given: Mapping[str, Any] = {"project": project.pk, "cases": None if cases is None else list(cases)}
    with connection.cursor() as cursor:
        cursor.execute(_ROOM)
        for statement in (_REMOVE, _CANCEL, _ADD):
            cursor.execute(statement, given)
