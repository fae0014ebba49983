from django.db import migrations


class Migration(migrations.Migration):
    """The table of Django's database cache, as `createcachetable` makes it.

    It counts tries to log in and the like, for hours at most: unlogged, as a crash may empty it.
    """

    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunSQL(
            """
            CREATE UNLOGGED TABLE accounts_limits (
                cache_key varchar(255) NOT NULL PRIMARY KEY,
                value text NOT NULL,
                expires timestamp with time zone NOT NULL
            );
            CREATE INDEX accounts_limits_expires ON accounts_limits (expires);
            """,
            reverse_sql="DROP TABLE accounts_limits",
        )
    ]
