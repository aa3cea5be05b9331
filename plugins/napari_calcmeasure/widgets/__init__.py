"""The only door to Qt: controls, drawing on the canvas, the window. No arithmetic, no DICOM, no file formats."""
