"""The napari plugin: a thin shell over calcmeasure."""
