"""Count of the clicks that twenty everyday tasks need in the real windows."""
