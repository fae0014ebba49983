"""Covers and plots, drawn as SVG; pure functions, so that Spark's benchmarks use them too."""
