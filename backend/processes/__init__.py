"""Several gateway processes on one host: a supervisor, its children, and what they tell each other."""
