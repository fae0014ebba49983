import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models

# Search folds what is typed with the same function, so that the two cannot differ. It decomposes
# letters, drops accents and what is not seen, writes "&" out, lets an apostrophe part no words
# and all other punctuation part them, joins "20,000", keeps "1.5", and lets each letter of scripts
# that write no spaces stand for itself.
WORDS = r"""
    CREATE FUNCTION catalog_words(value text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    BEGIN
        IF octet_length(value) > length(value) THEN  -- more than ASCII
            value := regexp_replace(
                normalize(value, NFKD),
                '[\u0300-\u036F\u0591-\u05BD\u05BF\u05C1\u05C2\u05C4\u05C5\u05C7'
                '\u0640\u064B-\u065F\u0670\u00AD\u200B-\u200F\u202A-\u202E\u2060-\u2064'
                '\uFEFF\u2018\u2019\u02BC\u00B4\u2032\uFF07]', '', 'g');
            value := public.unaccent('public.unaccent', normalize(value, NFC));
            value := regexp_replace(
                value,
                '[\u0080-\u00A9\u00AB-\u00B4\u00B6-\u00B9\u00BB-\u00BF\u00D7\u00F7'
                '\u02C2-\u02DF\u037E\u0387\u055A-\u055F\u0589\u058A\u05BE\u05C0\u05C3'
                '\u05F3\u05F4\u0609-\u060D\u061B-\u061F\u066A-\u066D\u06D4\u0964\u0965'
                '\u2000-\u206F\u20A0-\u20CF\u2190-\u2BFF\u2E00-\u2E7F\u3000-\u3004'
                '\u3008-\u3020\u3030\u303D\u30A0\u30FB\uE000-\uF8FF\uFE00-\uFE6F'
                '\U0001F000-\U0001FAFF]', ' ', 'g');
            value := regexp_replace(
                value, '([\u3040-\u30FF\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF])',
                ' \1 ', 'g');
        END IF;
        value := replace(translate(lower(value), 'ς''`', 'σ'), '&', ' and ');
        IF value ~ '[0-9][,.][0-9]' THEN
            value := regexp_replace(value, '(?<=[0-9]),(?=[0-9]{3}(?![0-9]))', '', 'g');
            value := regexp_replace(value, '(?<![0-9])\.|\.(?![0-9])', ' ', 'g');
        ELSE
            value := replace(value, '.', ' ');
        END IF;
        RETURN btrim(regexp_replace(
            value, '[\u0001-\u002D\u002F\u003A-\u0040\u005B-\u0060\u007B-\u007F]+', ' ', 'g'));
    END
    $$
"""

# The words of some texts, each two neighbors as one, and initials as people write them ("j r r" as
# "jrr"). Loops, since a query for each book takes many times as long.
JOINED = r"""
    CREATE FUNCTION catalog_joined_words(texts text[]) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    DECLARE
        found text[] := '{}';
        line text;
        words text[];
    BEGIN
        FOREACH line IN ARRAY texts LOOP
            words := string_to_array(line, ' ');
            found := found || words;
            FOR place IN 1 .. cardinality(words) - 1 LOOP
                found := array_append(found, words[place] || words[place + 1]);
            END LOOP;
            IF line ~ '(^| ). .( |$)' THEN
                found := found || string_to_array(
                    regexp_replace(line, '(?<=^| )(.) (?=.( |$))', '\1', 'g'), ' ');
            END IF;
        END LOOP;
        RETURN found;
    END
    $$
"""

# Each word, and the word without each of its letters. Two words that have one of these in common
# are one slip apart, or two of which one undoes the other, as swapped letters are.
SLIPS = """
    CREATE FUNCTION catalog_slips(texts text[]) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    DECLARE
        words text[] := string_to_array(array_to_string(texts, ' '), ' ');
        found text[] := words;
        word text;
    BEGIN
        FOREACH word IN ARRAY words LOOP
            IF length(word) BETWEEN 3 AND 40 AND word NOT IN ('the', 'and') THEN
                FOR place IN 1 .. length(word) LOOP
                    found := array_append(
                        found, left(word, place - 1) || substr(word, place + 1));
                END LOOP;
            END IF;
        END LOOP;
        RETURN found;
    END
    $$
"""

# The books are locked, so that of two changes to one book at a time the later one sees the other.
# During a first load the planner believes the tables to be as empty as they were, and would read
# all credits for each book.
WRITE = r"""
    CREATE FUNCTION catalog_write_search_documents(books bigint[]) RETURNS void
    LANGUAGE plpgsql
    SET enable_seqscan = off
    AS $$
    BEGIN
        PERFORM 1 FROM public.catalog_book WHERE id = ANY(books) ORDER BY id FOR NO KEY UPDATE;
        INSERT INTO public.catalog_searchdocument (
            book_id, title, main_title, original_title, authors, series, number,
            names, words, slips, ratings_count, status)
        SELECT id, title, main_title, original_title, authors, series, number,
            ARRAY(
                SELECT DISTINCT left(form, 500)
                FROM unnest(ARRAY[title, main_title, original_title]) AS name,
                    unnest(ARRAY[name, regexp_replace(name, '^(the|an?) (?=.)', '')]) AS form
                WHERE form <> ''),
            array_to_tsvector(ARRAY(
                SELECT DISTINCT left(word, 60)
                FROM unnest(public.catalog_joined_words(
                    ARRAY[title, original_title, series, number] || authors)) AS word
                WHERE word <> '')),
            array_to_tsvector(ARRAY(
                SELECT DISTINCT left(word, 60)
                FROM unnest(public.catalog_slips(
                    ARRAY[title, original_title, series, number] || authors)) AS word
                WHERE word <> '')),
            ratings_count, status
        FROM (
            SELECT book.id, book.ratings_count, book.status,
                public.catalog_words(book.title) AS title,
                public.catalog_words(regexp_replace(
                    book.title,
                    '(?<=.)(:|;|\s[-\u2013\u2014]\s|\s/\s|,?\s+or[,:;]\s|\s[([]).*$', ''
                )) AS main_title,
                CASE WHEN book.original_title IN ('', book.title) THEN ''
                    ELSE public.catalog_words(book.original_title) END AS original_title,
                ARRAY(
                    SELECT public.catalog_words(author.name)
                    FROM public.catalog_bookauthor AS credit
                    JOIN public.catalog_author AS author ON author.id = credit.author_id
                    WHERE credit.book_id = book.id
                    ORDER BY credit.position
                ) AS authors,
                public.catalog_words(book.series_name) AS series,
                coalesce(trim_scale(book.series_number)::text, '') AS number
            FROM public.catalog_book AS book
            WHERE book.id = ANY(books)
        ) AS folded
        ORDER BY id
        ON CONFLICT (book_id) DO UPDATE SET
            title = excluded.title, main_title = excluded.main_title,
            original_title = excluded.original_title, authors = excluded.authors,
            series = excluded.series, number = excluded.number, names = excluded.names,
            words = excluded.words, slips = excluded.slips,
            ratings_count = excluded.ratings_count, status = excluded.status;
    END
    $$
"""

# One function for each table, as each sees other rows. A statement that changes many rows runs it
# once.
TRIGGERS = """
    CREATE FUNCTION catalog_search_of_new_books() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM public.catalog_write_search_documents(ARRAY(SELECT id FROM new_rows));
        RETURN NULL;
    END $$;
    CREATE TRIGGER catalog_search_of_new_books AFTER INSERT ON catalog_book
        REFERENCING NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION catalog_search_of_new_books();

    CREATE FUNCTION catalog_search_of_changed_books() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM public.catalog_write_search_documents(ARRAY(
            SELECT book.id FROM new_rows AS book JOIN old_rows AS before USING (id)
            WHERE (book.title, book.original_title, book.series_name, book.series_number)
                IS DISTINCT FROM
                (before.title, before.original_title, before.series_name,
                    before.series_number)));
        UPDATE public.catalog_searchdocument AS document
        SET ratings_count = book.ratings_count, status = book.status
        FROM new_rows AS book
        WHERE document.book_id = book.id
            AND (document.ratings_count, document.status)
                IS DISTINCT FROM (book.ratings_count, book.status);
        RETURN NULL;
    END $$;
    CREATE TRIGGER catalog_search_of_changed_books AFTER UPDATE ON catalog_book
        REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION catalog_search_of_changed_books();

    CREATE FUNCTION catalog_search_of_credits() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' THEN
            -- A book that is being deleted has none any more.
            PERFORM public.catalog_write_search_documents(ARRAY(
                SELECT DISTINCT document.book_id
                FROM old_rows JOIN public.catalog_searchdocument AS document USING (book_id)));
        ELSIF TG_OP = 'INSERT' THEN
            PERFORM public.catalog_write_search_documents(
                ARRAY(SELECT DISTINCT book_id FROM new_rows));
        ELSE
            PERFORM public.catalog_write_search_documents(
                ARRAY(SELECT book_id FROM old_rows UNION SELECT book_id FROM new_rows));
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER catalog_search_of_new_credits AFTER INSERT ON catalog_bookauthor
        REFERENCING NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION catalog_search_of_credits();
    CREATE TRIGGER catalog_search_of_changed_credits AFTER UPDATE ON catalog_bookauthor
        REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION catalog_search_of_credits();
    CREATE TRIGGER catalog_search_of_gone_credits AFTER DELETE ON catalog_bookauthor
        REFERENCING OLD TABLE AS old_rows
        FOR EACH STATEMENT EXECUTE FUNCTION catalog_search_of_credits();

    CREATE FUNCTION catalog_search_of_authors() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM public.catalog_write_search_documents(ARRAY(
            SELECT DISTINCT credit.book_id
            FROM new_rows AS author
            JOIN old_rows AS before USING (id)
            JOIN public.catalog_bookauthor AS credit ON credit.author_id = author.id
            WHERE author.name <> before.name));
        RETURN NULL;
    END $$;
    CREATE TRIGGER catalog_search_of_authors AFTER UPDATE ON catalog_author
        REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION catalog_search_of_authors();
"""
NO_TRIGGERS = """
    DROP TRIGGER catalog_search_of_authors ON catalog_author;
    DROP TRIGGER catalog_search_of_gone_credits ON catalog_bookauthor;
    DROP TRIGGER catalog_search_of_changed_credits ON catalog_bookauthor;
    DROP TRIGGER catalog_search_of_new_credits ON catalog_bookauthor;
    DROP TRIGGER catalog_search_of_changed_books ON catalog_book;
    DROP TRIGGER catalog_search_of_new_books ON catalog_book;
    DROP FUNCTION catalog_search_of_authors();
    DROP FUNCTION catalog_search_of_credits();
    DROP FUNCTION catalog_search_of_changed_books();
    DROP FUNCTION catalog_search_of_new_books();
"""

# The best known books that fulfil a condition; each condition is left out where it is NULL. The planner
# holds a condition of hundreds of lexemes to be as cheap as one of two numbers, and would rather
# check it for every book than ask the index.
CANDIDATES = """
    CREATE FUNCTION catalog_search_candidates(
        name text, words tsquery, slips tsquery, parts tsquery[], statuses text[], most integer)
    RETURNS SETOF bigint
    LANGUAGE plpgsql STABLE
    SET enable_seqscan = off
    AS $$
    BEGIN
        IF name IS NOT NULL THEN
            RETURN QUERY SELECT book_id FROM public.catalog_searchdocument AS document
                WHERE document.names @> ARRAY[name] AND document.status = ANY(statuses)
                ORDER BY document.ratings_count DESC LIMIT most;
        END IF;
        IF words IS NOT NULL THEN
            RETURN QUERY SELECT book_id FROM public.catalog_searchdocument AS document
                WHERE document.words @@ catalog_search_candidates.words
                    AND document.status = ANY(statuses)
                ORDER BY document.ratings_count DESC LIMIT most;
        END IF;
        IF slips IS NOT NULL THEN
            RETURN QUERY SELECT book_id FROM public.catalog_searchdocument AS document
                WHERE document.slips @@ catalog_search_candidates.slips
                    AND document.status = ANY(statuses)
                ORDER BY
                    (SELECT count(*) FROM unnest(parts) AS part WHERE document.slips @@ part) DESC,
                    document.ratings_count DESC
                LIMIT most;
        END IF;
    END
    $$
"""

# The operator that an index can serve takes its threshold from a setting, and the planner holds
# comparing trigrams to be as cheap as comparing numbers, so that for a long text it would rather
# read all books. Both are set for this one question; the setting is known once pg_trgm was used.
LIKE = """
    SELECT public.similarity('', '');
    CREATE FUNCTION catalog_books_like(typed text, statuses text[], most integer)
    RETURNS TABLE (book_id bigint, likeness real)
    LANGUAGE sql STABLE
    SET pg_trgm.word_similarity_threshold = 0.35
    SET enable_seqscan = off
    AS $$
        WITH alike AS (
            SELECT book_id, public.word_similarity(typed, title) AS likeness
            FROM public.catalog_searchdocument
            WHERE title OPERATOR(public.%>) typed
            UNION ALL
            SELECT credit.book_id, public.word_similarity(typed, author.name_key)
            FROM public.catalog_author AS author
            JOIN public.catalog_bookauthor AS credit ON credit.author_id = author.id
            WHERE author.name_key OPERATOR(public.%>) typed
        )
        SELECT book_id, max(alike.likeness)
        FROM alike JOIN public.catalog_searchdocument AS document USING (book_id)
        WHERE document.status = ANY(statuses)
        GROUP BY book_id, document.ratings_count
        ORDER BY round(max(alike.likeness)::numeric, 1) DESC, document.ratings_count DESC, book_id
        LIMIT most
    $$
"""

# It takes the place of this one.
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

# The books that are there already.
FILL = "SELECT catalog_write_search_documents(ARRAY(SELECT id FROM catalog_book))"


class Migration(migrations.Migration):
    dependencies = [("catalog", "0014_roles_and_derived_genres")]

    operations = [
        migrations.CreateModel(
            name="SearchDocument",
            fields=[
                (
                    "book",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search_document",
                        serialize=False,
                        to="catalog.book",
                    ),
                ),
                ("title", models.TextField()),
                ("main_title", models.TextField(help_text="The title without its subtitle.")),
                ("original_title", models.TextField()),
                (
                    "authors",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), help_text="All names.", size=None
                    ),
                ),
                ("series", models.TextField()),
                ("number", models.TextField(help_text="The number of the volume.")),
                (
                    "names",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(),
                        help_text="What is the book's whole name, with its article and without.",
                        size=None,
                    ),
                ),
                (
                    "words",
                    django.contrib.postgres.search.SearchVectorField(
                        help_text="All words, and neighbors written as one, for Spiderman and Spider-Man."
                    ),
                ),
                (
                    "slips",
                    django.contrib.postgres.search.SearchVectorField(
                        help_text="All words, also with each of their letters left out."
                    ),
                ),
                ("ratings_count", models.PositiveIntegerField()),
                ("status", models.CharField(max_length=10)),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["words"], name="catalog_search_words"
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["slips"], name="catalog_search_slips"
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["names"], name="catalog_search_names"
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["title"], name="catalog_search_title", opclasses=["gin_trgm_ops"]
                    ),
                ],
            },
        ),
        migrations.RunSQL(WORDS, "DROP FUNCTION catalog_words(text)"),
        migrations.RunSQL(JOINED, "DROP FUNCTION catalog_joined_words(text[])"),
        migrations.RunSQL(SLIPS, "DROP FUNCTION catalog_slips(text[])"),
        migrations.RunSQL(WRITE, "DROP FUNCTION catalog_write_search_documents(bigint[])"),
        migrations.RunSQL(
            CANDIDATES,
            "DROP FUNCTION catalog_search_candidates("
            "text, tsquery, tsquery, tsquery[], text[], integer)",
        ),
        migrations.RunSQL(LIKE, "DROP FUNCTION catalog_books_like(text, text[], integer)"),
        migrations.RunSQL("DROP FUNCTION catalog_authors_like(text, integer)", AUTHORS_LIKE),
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
