"""Queries and new rows whose SQL is worked out once, for the few that come with every step of a person's work.

Django builds and compiles a query anew each time, which takes several times as long as running it (ADR 9).
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, wraps
from inspect import get_annotations
from typing import Any, Self, cast
from uuid import UUID, uuid4

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Field, Model, QuerySet
from django.db.models.constants import OnConflict
from django.db.models.sql import InsertQuery, Query
from django.db.models.sql.compiler import SQLCompiler
from django.db.transaction import TransactionManagementError, mark_for_rollback_on_error

STAND_INS: Mapping[Any, Callable[[], Any]] = {
    UUID: uuid4,
    str: lambda: uuid4().hex,
    list[str]: lambda: [uuid4().hex],
    datetime: lambda: datetime.now(UTC),
}


def prepared[**P, Row](build: Callable[P, QuerySet[Any, Row]]) -> Callable[P, list[Row]]:
    """The rows of a query that is built once for a process, and filled in with the values of each call.

    What is passed by position (of the kinds in STAND_INS, never None) are values that the query compares with.
    What is passed by keyword shapes the query: one is kept for each combination. The body must not branch on a value.
    """
    kinds = [kind for name, kind in get_annotations(build).items() if name in _positional(build)]
    plans: dict[Hashable, _Plan[Row]] = {}

    @wraps(build)
    def rows(*values: P.args, **shape: P.kwargs) -> list[Row]:
        key = tuple(sorted(shape.items()))
        if (plan := plans.get(key)) is None:
            stand_ins = [STAND_INS[kind]() for kind in kinds]
            plan = plans[key] = _Plan.of(cast(Any, build)(*stand_ins, **shape), stand_ins)
        return list(plan.filled(values))

    return rows


def first[Row](rows: Sequence[Row]) -> Row | None:
    """The first of what a query found, if it found anything."""
    return rows[0] if rows else None


def insert[Stored: Model](row: Stored) -> Stored:
    """Store a new row as its save would, but for signals, which nothing here listens to."""
    connection = connections[DEFAULT_DB_ALIAS]
    fields, sql = _insertion(type(row), rows=1)
    _execute(sql, [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields])
    row._state.adding, row._state.db = False, connection.alias
    return row


def insert_each(rows: Sequence[Model], *, over: tuple[str, ...] = ()) -> None:
    """Store new rows of one model, as `insert` does; one that has the fields `over` of a stored row takes its place."""
    if not rows:
        return
    connection = connections[DEFAULT_DB_ALIAS]
    fields, sql = _insertion(type(rows[0]), rows=2, over=over)
    _execute(
        sql, [[field.get_db_prep_save(field.pre_save(row, add=True), connection) for row in rows] for field in fields]
    )
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def change(row: Model, changes: Mapping[str, Any], *, where: Mapping[str, Any] | None = None) -> bool:
    """Write values to fields of a stored row, if it still has the values `where` (never None); whether it had them."""
    where, connection = where or {}, connections[DEFAULT_DB_ALIAS]
    fields, sql = _change(type(row), tuple(changes), tuple(where))
    values = (getattr(value, "pk", value) for value in (*changes.values(), row.pk, *where.values()))
    prepared = (field.get_db_prep_save(value, connection) for field, value in zip(fields, values, strict=True))
    return _execute(sql, list(prepared)) == 1


def _execute(sql: str, values: Sequence[Any]) -> int:
    with mark_for_rollback_on_error(DEFAULT_DB_ALIAS), connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)


@cache
def _insertion(model: type[Model], *, rows: int, over: tuple[str, ...] = ()) -> "tuple[Sequence[Field[Any, Any]], str]":
    """Fields and SQL for one row, or for any number of them as one array for each field."""
    fields = model._meta.local_concrete_fields
    query: Any = InsertQuery(model)
    if over:
        query.on_conflict = OnConflict.UPDATE
        query.unique_fields = [field for field in fields if field.name in over]
        query.update_fields = [field for field in fields if not field.primary_key and field.name not in over]
    query.insert_values(fields, [model() for _ in range(rows)])
    ((sql, values),) = query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
    if len(values) != len(fields):
        raise TypeError(f"{model.__name__} has fields that cannot be sent as arrays; store its rows one by one.")
    return fields, sql


@cache
def _change(
    model: type[Model], changes: tuple[str, ...], where: tuple[str, ...]
) -> "tuple[Sequence[Field[Any, Any]], str]":
    names, quote = (*changes, model._meta.pk.name, *where), connections[DEFAULT_DB_ALIAS].ops.quote_name
    fields = [cast("Field[Any, Any]", model._meta.get_field(name)) for name in names]
    parts = [f"{quote(str(field.column))} = %s" for field in fields]
    written, found = ", ".join(parts[: len(changes)]), " AND ".join(parts[len(changes) :])
    return fields, f"UPDATE {quote(model._meta.db_table)} SET {written} WHERE {found}"  # noqa: S608  # names of our own


def _positional(build: Callable[..., object]) -> Sequence[str]:
    code = build.__code__
    return code.co_varnames[: code.co_argcount]


@dataclass(frozen=True)
class _Plan[Row]:
    """A compiled query; `places` say for each of its parameters which value goes there, None for what stays."""

    rows: QuerySet[Any, Row]
    compiler: SQLCompiler
    sql: str
    parameters: tuple[Any, ...]
    places: tuple[int | None, ...]
    converters: dict[int, Any]

    @classmethod
    def of(cls, rows: QuerySet[Any, Row], stand_ins: Sequence[Any]) -> "_Plan[Row]":
        compiler: Any = rows.query.get_compiler(rows.db)
        sql, parameters = compiler.as_sql()
        places = tuple(stand_ins.index(value) if value in stand_ins else None for value in parameters)
        if missing := set(range(len(stand_ins))) - set(places):
            raise TypeError(f"The query compares nothing with its values {sorted(missing)}.")
        columns = [column for column, *_ in compiler.select[: compiler.col_count]]
        rows.query.__class__ = _Filled
        return cls(rows, compiler, sql, tuple(parameters), places, compiler.get_converters(columns))

    def filled(self, values: Sequence[Any]) -> QuerySet[Any, Row]:
        if None in values:
            raise TypeError("A prepared query compares with values; None is none.")
        chosen = zip(self.parameters, self.places, strict=True)
        bound = tuple(kept if place is None else values[place] for kept, place in chosen)
        rows: Any = self.rows.all()
        rows.query.done = _Compiled.of(self, bound)
        return cast("QuerySet[Any, Row]", rows)


class _Filled(Query):
    """A query that has been compiled; its copies share everything but that."""

    done: SQLCompiler

    def chain(self, *_: Any) -> Self:
        return copy(self)

    def get_compiler(self, *_: Any, **__: Any) -> SQLCompiler:
        return self.done


class _Compiled(SQLCompiler):
    """A compiler that has done its work, on this thread's connection."""

    sql: str
    bound: tuple[Any, ...]
    converters: dict[int, Any]

    @classmethod
    def of(cls, plan: _Plan[Any], bound: tuple[Any, ...]) -> "_Compiled":
        connection = connections[plan.rows.db]
        if plan.rows.query.select_for_update and connection.get_autocommit():
            raise TransactionManagementError("A query that locks rows runs inside a transaction only.")
        compiled = cls.__new__(cls)
        own = {"connection": connection, "sql": plan.sql, "bound": bound, "converters": plan.converters}
        vars(compiled).update(vars(plan.compiler), **own)
        return compiled

    def as_sql(self, *_: Any, **__: Any) -> tuple[str, tuple[Any, ...]]:
        return self.sql, self.bound

    def get_converters(self, *_: Any) -> dict[int, Any]:
        return self.converters
