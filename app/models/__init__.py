"""The recognition models of this computer, for the windows: fetched, paused, checked, taken in, removed."""
