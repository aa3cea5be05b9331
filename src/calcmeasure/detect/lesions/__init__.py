"""Enhancing lesions of a dynamic series."""
