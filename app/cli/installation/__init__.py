"""Commands about this installation: updates, and recognition on a graphics card."""
