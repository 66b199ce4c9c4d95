"""Main window, its pages, the tray, and the bridge into Qt's thread."""
