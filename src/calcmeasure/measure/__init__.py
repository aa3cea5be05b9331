"""Annotations to millimetres: extents, diameters, enhancement."""
