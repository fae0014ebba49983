from django.db import migrations, models

# Numbers of books that are added here, far above goodbooks' own and the starter shelf's.
CREATE = "CREATE SEQUENCE catalog_added_number AS integer MINVALUE 2000001 START WITH 2000001"


class Migration(migrations.Migration):
    dependencies = [("catalog", "0009_acts_stay")]

    operations = [
        migrations.RunSQL(CREATE, "DROP SEQUENCE catalog_added_number"),
        migrations.AlterField(
            model_name="book",
            name="goodbooks_id",
            field=models.PositiveIntegerField(
                blank=True,
                help_text=(
                    "The number by which ratings and releases know the book: 1 to 10,000 are "
                    "goodbooks-10k's own, the starter shelf begins at 1,000,001, and what was "
                    "added here at 2,000,001."
                ),
                null=True,
                unique=True,
            ),
        ),
        migrations.AddIndex(
            model_name="book",
            index=models.Index(
                condition=models.Q(("open_library_key", ""), _negated=True),
                fields=["open_library_key"],
                name="catalog_book_by_work",
            ),
        ),
    ]
