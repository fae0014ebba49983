from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

NAMES = {
    "e-mail that waits": "email that waits",
    "new books by e-mail": "new books by email",
}


def rename(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Keep the rows, which beat would else send under both names, and what operators set in them."""
    tasks = apps.get_model("django_celery_beat", "PeriodicTask").objects
    for old, new in NAMES.items():
        tasks.filter(name=old).update(name=new)


class Migration(migrations.Migration):
    dependencies = [
        ("mail", "0002_spelling_of_email"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [migrations.RunPython(rename, migrations.RunPython.noop)]
