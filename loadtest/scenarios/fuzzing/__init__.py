"""Conversations for ``fuzz``: valid ones, and ones whose messages, order, frames or requests are changed."""
