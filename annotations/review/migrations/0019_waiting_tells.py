import annotations.review.models.cases
from django.db import migrations, models

WAITED = """
    UPDATE review_seat SET information = information {sign} extract(epoch FROM opened_at) / (7 * 24 * 3600)
    FROM review_case WHERE review_case.id = case_id AND status IN ('open', 'adjudication')
"""


class Migration(migrations.Migration):
    """Cases that wait come up in the order by information too."""

    dependencies = [
        ('review', '0018_reply_drafts'),
    ]

    operations = [
        migrations.AlterField(
            model_name='case',
            name='opened_at',
            field=models.DateTimeField(default=annotations.review.models.cases.now, editable=False),
        ),
        migrations.AlterField(
            model_name='seat',
            name='information',
            field=models.FloatField(default=0.0, help_text='What one more answer tells, and waiting.'),
        ),
        migrations.RunSQL(WAITED.format(sign='-'), WAITED.format(sign='+')),
    ]
