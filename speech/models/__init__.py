"""Recognition models on this computer: which there are, where to get them, whether they are whole."""
