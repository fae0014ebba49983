"""What curators do with the catalog, each act of it kept."""
