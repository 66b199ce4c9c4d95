"""The app's side of insertion by a helper process, and the frames between them: the same for X11 and Wayland."""
