"""Pixels to annotations: breast mask, calcifications, motion, enhancing lesions."""
