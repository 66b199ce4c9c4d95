"""Number of clicks that twenty everyday tasks need in the real windows."""
