"""The panel of other computers: use one, share this one, and recognise for others."""
