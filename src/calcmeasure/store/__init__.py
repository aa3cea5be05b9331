"""The append-only measurement database and the saved annotation files."""
