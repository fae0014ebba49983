"""Benchmarks of the site; each prints figures and fails where a bound is broken."""
