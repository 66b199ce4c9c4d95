"""Load and chaos tool for operators."""
