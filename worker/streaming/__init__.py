"""Streaming worker: live text of people who speak, from the new samples only. Finals are not its business."""
