"""The benches draw and count what they say."""
