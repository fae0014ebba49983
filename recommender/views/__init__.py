"""The pages a reader meets."""
