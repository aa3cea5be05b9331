"""Seeded synthetic DICOM with known truth."""
