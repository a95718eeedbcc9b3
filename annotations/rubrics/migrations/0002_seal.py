"""Seal what is published: Postgres refuses to change or delete these rows."""

from django.db import migrations

from annotations.core.sealed import seal_table


class Migration(migrations.Migration):
    dependencies = [("rubrics", "0001_initial")]
    operations = [
        seal_table("rubrics_rubricversion"),
        seal_table("rubrics_criterion"),
    ]
