"""Readings and pathology in one tidy table: one row per patient and side, every exclusion with its code."""
