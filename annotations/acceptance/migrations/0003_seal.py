"""Seal what is published: Postgres refuses to change or delete these rows."""

from django.db import migrations

from annotations.core.sealed import seal_table


class Migration(migrations.Migration):
    dependencies = [("acceptance", "0002_initial")]
    operations = [
        seal_table("acceptance_acceptancepolicy"),
        seal_table("acceptance_decision"),
        seal_table("acceptance_decisionreason"),
    ]
