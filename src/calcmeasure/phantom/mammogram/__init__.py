"""Synthetic mammograms whose every calcification is known."""
