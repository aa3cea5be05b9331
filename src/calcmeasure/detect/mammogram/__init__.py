"""What a mammogram shows besides calcifications: the breast and what surrounds it."""
