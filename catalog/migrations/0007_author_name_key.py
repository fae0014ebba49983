from django.db import migrations, models

# PostgreSQL's unaccent() depends on a dictionary and so counts as changeable; with the dictionary
# named it is not, and a column can be generated from it.
FOLD = """
    CREATE FUNCTION catalog_fold(value text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT public.unaccent('public.unaccent', lower(value)) $$
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0006_series_trigrams")]

    operations = [
        migrations.RunSQL(FOLD, "DROP FUNCTION catalog_fold(text)"),
        migrations.AddField(
            model_name="author",
            name="name_key",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Func("name", function="catalog_fold"),
                help_text="The name as search compares it, without accents and case.",
                output_field=models.TextField(),
            ),
        ),
    ]
