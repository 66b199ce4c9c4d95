"""The texts of the windows in every language, and their wording."""
