"""The history page: search, takes, replay, export."""
