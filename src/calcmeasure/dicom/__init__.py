"""The only door to pydicom: files in, frozen values out."""
