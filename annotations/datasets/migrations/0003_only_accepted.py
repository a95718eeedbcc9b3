"""A release holds accepted task versions only, and the decision it names is that version's."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION release_item_is_accepted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM acceptance_decision
        WHERE id = NEW.decision_id AND task_version_id = NEW.task_version_id AND outcome = 'accepted'
    ) THEN
        RAISE EXCEPTION 'a release takes accepted task versions only' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER datasets_releaseitem_accepted BEFORE INSERT ON datasets_releaseitem
FOR EACH ROW EXECUTE FUNCTION release_item_is_accepted();
"""
BACKWARD = """
DROP TRIGGER datasets_releaseitem_accepted ON datasets_releaseitem;
DROP FUNCTION release_item_is_accepted();
"""


class Migration(migrations.Migration):
    dependencies = [("datasets", "0002_seal"), ("acceptance", "0003_seal")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
