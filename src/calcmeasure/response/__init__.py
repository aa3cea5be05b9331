"""Millimetres over time to a category and the rule that fired."""
