"""Tests of the whole; `docs/TESTING.md` says how they are laid out."""

import os

# Before NumPy is loaded: several processes test at once, and threads that wait for each other's
# cores would take most of the time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
