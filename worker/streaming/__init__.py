"""Streaming worker: live text from the new samples only. Other workers make the final texts."""
