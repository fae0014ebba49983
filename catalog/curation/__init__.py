"""What curators do to the catalog; every act is logged."""
