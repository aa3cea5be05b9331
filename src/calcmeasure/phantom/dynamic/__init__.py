"""Synthetic dynamic series whose every lesion is known."""
