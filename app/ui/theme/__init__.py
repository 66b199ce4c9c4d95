"""Colours, spacing, fonts, icons and the style sheet."""
