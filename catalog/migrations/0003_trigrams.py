from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("catalog", "0002_enrichment"),
    ]

    operations = [
        TrigramExtension(),
        migrations.AddIndex(
            model_name="book",
            index=GinIndex(
                fields=["title_key"], name="catalog_book_title_trgm", opclasses=["gin_trgm_ops"]
            ),
        ),
        migrations.AddIndex(
            model_name="book",
            index=GinIndex(
                fields=["original_title_key"],
                name="catalog_book_original_trgm",
                opclasses=["gin_trgm_ops"],
            ),
        ),
    ]
