"""Text insertion on X11, by a helper process."""
