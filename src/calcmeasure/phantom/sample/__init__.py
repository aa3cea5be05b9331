"""The patients of ``sample_dicom/``."""
