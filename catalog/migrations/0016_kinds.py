from django.db import migrations, models
from django.db.models import F, Q

BATCH = 2000
WRITTEN = ["kind", "first_volume", "last_volume", "locked_fields"]


def set_kinds(apps, schema_editor):
    """Kinds as they were looked up, else by the rules; what a curator called a box set stays one."""
    from catalog.kinds import checked_kinds, kind_of
    from catalog.normalize import SplitTitle

    Book = apps.get_model("catalog", "Book")
    changed = []
    for book in Book.objects.order_by("pk").iterator(chunk_size=BATCH):
        is_locked = "is_box_set" in book.locked_fields
        if is_locked:
            locks = [name for name in book.locked_fields if name != "is_box_set"]
            book.locked_fields = [*locks, "kind", "first_volume", "last_volume"]
        split = SplitTitle(book.title, book.series_name, book.series_number)
        work_id = book.goodreads_work_id
        found = kind_of(split, original_title=book.original_title, work_id=work_id)
        if not is_locked and (work_id in checked_kinds() or found.kind != "work"):
            book.kind = found.kind.value
            if found.first is not None and book.series_name:
                book.first_volume, book.last_volume = found.first, found.last
        elif book.is_box_set:
            book.kind = "box_set"
        if is_locked or book.kind != "work":
            changed.append(book)
    for start in range(0, len(changed), BATCH):
        Book.objects.bulk_update(changed[start : start + BATCH], WRITTEN)


def set_box_sets(apps, schema_editor):
    """Back again: collections were box sets."""
    Book = apps.get_model("catalog", "Book")
    Book.objects.filter(kind__in=["omnibus", "box_set"]).update(is_box_set=True)
    for book in Book.objects.filter(locked_fields__contains=["kind"]):
        locks = [
            name
            for name in book.locked_fields
            if name not in ("kind", "first_volume", "last_volume")
        ]
        book.locked_fields = [*locks, "is_box_set"]
        book.save(update_fields=["locked_fields"])


def forget_staged(apps, schema_editor):
    """Files not applied yet may set the column that goes; they are kept for a day only."""
    apps.get_model("catalog", "StagedEdits").objects.filter(applied_at=None).delete()


KIND_HELP = (
    "An omnibus has several works in one volume, a box set in several; a companion is about a work "
    "or its world; an adaptation is a play, a film script, a comic or music made of it; a guide is "
    "for students. Parts, companions and guides are not recommended."
)


class Migration(migrations.Migration):
    dependencies = [("catalog", "0015_search_documents")]

    operations = [
        migrations.AddField(
            model_name="book",
            name="kind",
            field=models.CharField(
                choices=[
                    ("work", "novel or other work"),
                    ("part", "part of a work"),
                    ("omnibus", "omnibus"),
                    ("box_set", "box set"),
                    ("companion", "companion"),
                    ("adaptation", "adaptation"),
                    ("guide", "guide"),
                ],
                default="work",
                help_text=KIND_HELP,
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="book",
            name="first_volume",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                help_text="Of the series, in an omnibus or a box set.",
                max_digits=6,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="book",
            name="last_volume",
            field=models.DecimalField(blank=True, decimal_places=2, max_digits=6, null=True),
        ),
        migrations.RunPython(set_kinds, set_box_sets),
        migrations.RunPython(forget_staged, forget_staged),
        migrations.RemoveField(model_name="book", name="is_box_set"),
        migrations.AddConstraint(
            model_name="book",
            constraint=models.CheckConstraint(
                name="catalog_book_kind",
                condition=Q(
                    kind__in=[
                        "work",
                        "part",
                        "omnibus",
                        "box_set",
                        "companion",
                        "adaptation",
                        "guide",
                    ]
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="book",
            constraint=models.CheckConstraint(
                name="catalog_book_volumes",
                condition=Q(first_volume__isnull=True, last_volume__isnull=True)
                | Q(
                    first_volume__isnull=False,
                    last_volume__isnull=False,
                    last_volume__gte=F("first_volume"),
                    kind__in=["omnibus", "box_set"],
                )
                & ~Q(series_name=""),
            ),
        ),
    ]
