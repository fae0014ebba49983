import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('recommender', '0005_library'),
    ]

    operations = [
        # Entries that are there already get NULL: nobody knows when they came.
        migrations.AddField(
            model_name='libraryentry',
            name='created_at',
            field=models.DateTimeField(editable=False, help_text='Unknown of the oldest entries.', null=True),
        ),
        migrations.AlterField(
            model_name='libraryentry',
            name='created_at',
            field=models.DateTimeField(default=django.utils.timezone.now, editable=False, help_text='Unknown of the oldest entries.', null=True),
        ),
    ]
