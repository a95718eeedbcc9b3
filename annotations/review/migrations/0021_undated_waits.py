import annotations.review.models.cases
from django.db import migrations, models
from django.db.models.functions import Coalesce

DUE_IN_THE_END = """
    UPDATE review_seat SET waits_until = opened_at + interval '14 days'
    FROM review_case WHERE review_case.id = case_id AND status IN ('open', 'adjudication', 'asked')
"""


class Migration(migrations.Migration):
    """Cases without a due date come up in the order by due date too. Finished ones never come up again."""

    dependencies = [
        ('review', '0020_question_criteria'),
    ]

    operations = [
        migrations.AddField(
            model_name='seat',
            name='waits_until',
            field=models.DateTimeField(default=annotations.review.models.cases.now, help_text='When it is due where nobody set a date.'),
        ),
        migrations.RunSQL(DUE_IN_THE_END, migrations.RunSQL.noop),
        migrations.RemoveIndex(
            model_name='seat',
            name='seat_free_by_due',
        ),
        migrations.AddIndex(
            model_name='seat',
            index=models.Index(models.F('project'), models.OrderBy(models.F('priority'), descending=True), Coalesce('due_at', 'waits_until'), models.F('id'), condition=models.Q(('is_free', True)), name='seat_free_by_due'),
        ),
    ]
