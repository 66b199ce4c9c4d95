"""What every process of ours needs that is neither speech nor protocol: folders, logs, tasks, child processes."""
