import datetime
import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0004_unaccent'),
        ('recommender', '0004_previews'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='RemovedEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(choices=[('goodreads', 'Goodreads'), ('storygraph', 'StoryGraph'), ('librarything', 'LibraryThing'), ('bookwyrm', 'BookWyrm'), ('table', 'a table of your own'), ('site', 'this site')], max_length=20)),
                ('source_key', models.CharField(help_text="The line's key at its source.", max_length=200)),
                ('account', models.CharField(blank=True, help_text='Whose shelf it was pulled from; empty for files.', max_length=100)),
                ('title', models.CharField(help_text='As the source writes it.', max_length=500)),
                ('author', models.CharField(blank=True, max_length=300)),
                ('stars', models.DecimalField(blank=True, decimal_places=2, max_digits=3, null=True)),
                ('shelf', models.CharField(default='read', max_length=100)),
                ('added_on', models.DateField(blank=True, null=True)),
                ('read_on', models.DateField(blank=True, null=True)),
                ('is_left_out', models.BooleanField(default=False, verbose_name='leave out of recommendations')),
                ('edited_fields', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), blank=True, default=list, help_text='What the reader has set here; imports leave it alone.', size=None)),
                ('removed_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'verbose_name_plural': 'removed entries',
                'ordering': ('-removed_at', '-pk'),
            },
        ),
        migrations.AddField(
            model_name='libraryentry',
            name='edited_fields',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), blank=True, default=list, help_text='What the reader has set here; imports leave it alone.', size=None),
        ),
        migrations.AddField(
            model_name='reader',
            name='read_since',
            field=models.DateField(blank=True, help_text='What was read before moves no list.', null=True),
        ),
        migrations.AlterField(
            model_name='importitem',
            name='change',
            field=models.CharField(blank=True, choices=[('new', 'New'), ('changed', 'Changed'), ('unchanged', 'Unchanged'), ('merged', 'Merged'), ('removed', 'Removed')], max_length=20),
        ),
        migrations.AddConstraint(
            model_name='libraryentry',
            constraint=models.CheckConstraint(condition=models.Q(('shelf', ''), _negated=True), name='library_shelf'),
        ),
        migrations.AddConstraint(
            model_name='libraryentry',
            constraint=models.CheckConstraint(condition=models.Q(('edited_fields__contained_by', ['stars', 'shelf', 'read_on'])), name='library_edited_fields'),
        ),
        migrations.AddConstraint(
            model_name='reader',
            constraint=models.CheckConstraint(condition=models.Q(('read_since__isnull', True), ('read_since__gte', datetime.date(1900, 1, 1)), _connector='OR'), name='reader_read_since'),
        ),
        migrations.AddField(
            model_name='removedentry',
            name='book',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='catalog.book'),
        ),
        migrations.AddField(
            model_name='removedentry',
            name='reader',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='removed_entries', to='recommender.reader'),
        ),
        migrations.AddConstraint(
            model_name='removedentry',
            constraint=models.UniqueConstraint(fields=('reader', 'source', 'source_key'), name='removed_source_key_once'),
        ),
        migrations.AddConstraint(
            model_name='removedentry',
            constraint=models.CheckConstraint(condition=models.Q(('stars__isnull', True), models.Q(('stars__gte', 0.25), ('stars__lte', 5)), _connector='OR'), name='removed_stars'),
        ),
    ]
