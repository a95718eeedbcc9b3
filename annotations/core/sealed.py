"""Sealed rows: written once. Python refuses early, a Postgres trigger refuses always."""

from django.db import migrations, models

from annotations.core.errors import Conflict

_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is sealed: add a row instead', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""


class Sealed(models.Model):
    """A row that can be added, and afterwards neither changed nor deleted."""

    class Meta:
        abstract = True

    def save(self, *args: object, **kwargs: object) -> None:
        if not self._state.adding:
            raise Conflict(f"This {self._meta.verbose_name} is sealed. Add a new one instead.")
        super().save(*args, **kwargs)  # type: ignore[arg-type]  # Django's own signature, passed through

    def delete(self, *args: object, **kwargs: object) -> tuple[int, dict[str, int]]:
        raise Conflict(f"This {self._meta.verbose_name} is sealed and cannot be deleted.")


def seal_table(table: str) -> migrations.RunSQL:
    """The migration step that makes Postgres refuse UPDATE and DELETE on a table."""
    trigger = f"{table}_sealed"
    return migrations.RunSQL(
        _FUNCTION
        + f"CREATE TRIGGER {trigger} BEFORE UPDATE OR DELETE ON {table} "
        + "FOR EACH ROW EXECUTE FUNCTION refuse_change();",
        f"DROP TRIGGER {trigger} ON {table};",
    )
