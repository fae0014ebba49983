"""The log of curation is only ever added to; an account's deletion takes the name out of it."""

from django.db import migrations

CREATE = """
CREATE FUNCTION catalog_act_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.user_id IS NULL
            AND to_jsonb(NEW) - 'user_id' = to_jsonb(OLD) - 'user_id' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'An act of curation is neither changed nor deleted.'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER catalog_act_stays BEFORE UPDATE OR DELETE ON catalog_curationact
    FOR EACH ROW EXECUTE FUNCTION catalog_act_stays();
"""
DROP = """
DROP TRIGGER catalog_act_stays ON catalog_curationact;
DROP FUNCTION catalog_act_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0008_curation")]
    operations = [migrations.RunSQL(CREATE, DROP)]
