"""How long the catalog's work takes on a whole goodbooks folder, on services of its own."""
