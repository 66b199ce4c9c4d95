"""Conversations for ``fuzz``: valid ones, and mutations of their messages, order, frames and requests."""
