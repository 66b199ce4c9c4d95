"""Text insertion on Wayland, by a helper process that is made of parts."""
