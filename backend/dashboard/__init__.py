"""A page that shows how things are, for any browser that reaches the gateway."""
