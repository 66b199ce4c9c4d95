"""The first steps after installation."""
