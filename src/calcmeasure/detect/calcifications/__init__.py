"""Calcifications on one mammogram: marks, groups, extent."""
