"""Build and check everything that a release consists of: ``make release``."""
