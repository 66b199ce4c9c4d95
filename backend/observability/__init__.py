"""Monitor, timeline, metrics, segment log and dashboard."""
