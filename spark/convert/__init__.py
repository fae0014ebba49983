"""Other sets of ratings, written as a folder in the format of goodbooks-10k.

``python -m spark.convert --format FORMAT --data PATH --out DIR`` reads one of `formats.FORMATS`;
`spark.build` and ``manage.py load_catalog`` take the same word and do so by themselves. Items are
works, not editions.
"""
