"""Recognition models of this computer, for the windows: download, pause, check, import, removal."""
