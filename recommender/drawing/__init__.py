"""Covers and plots as SVG: pure functions without Django, so Spark's benchmarks can use them."""
