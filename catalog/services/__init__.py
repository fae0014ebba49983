"""What changes the catalog, beside loaders and the admin."""
