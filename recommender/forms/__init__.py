"""What readers send in. Forms validate; the views call the services."""
