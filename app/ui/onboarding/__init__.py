"""Pages of the first steps after installation."""
