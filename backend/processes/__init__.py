"""Several gateway processes on one host: a supervisor, its children, and their messages."""
