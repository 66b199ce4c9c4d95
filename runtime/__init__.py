"""Shared process services that are neither speech nor protocol: folders, logs, tasks, child processes."""
