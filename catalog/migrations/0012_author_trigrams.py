import django.contrib.postgres.indexes
from django.db import migrations

# The operator that an index can serve takes its threshold from a setting, and the planner holds
# comparing trigrams to be as cheap as comparing numbers, so that for a long text it would rather
# read all names. Both are set for this one question.
AUTHORS_LIKE = """
    CREATE FUNCTION catalog_authors_like(typed text, most integer)
    RETURNS TABLE (author_id bigint, likeness real)
    LANGUAGE sql STABLE
    SET pg_trgm.word_similarity_threshold = 0.45
    SET enable_seqscan = off
    AS $$
        SELECT id, public.word_similarity(typed, name_key)
        FROM public.catalog_author
        WHERE name_key OPERATOR(public.%>) typed
        ORDER BY 2 DESC, 1
        LIMIT most
    $$
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0011_staged_edits")]

    operations = [
        migrations.AddIndex(
            model_name="author",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["name_key"], name="catalog_author_name_trgm", opclasses=["gin_trgm_ops"]
            ),
        ),
        migrations.RunSQL(AUTHORS_LIKE, "DROP FUNCTION catalog_authors_like(text, integer)"),
    ]
