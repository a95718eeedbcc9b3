"""Seal what is published: Postgres refuses to change or delete these rows."""

from django.db import migrations

from annotations.core.sealed import seal_table


class Migration(migrations.Migration):
    dependencies = [("datasets", "0001_initial")]
    operations = [
        seal_table("datasets_release"),
        seal_table("datasets_releaseitem"),
    ]
