"""The napari plugin: a thin shell over calcmeasure.

Floors, top to bottom: `widgets` (the only door to Qt) · `session`, `samples` · `readings`, `detection`, `folders`,
`reader` · `display` · `reading`, `cases` · `wording`, `keys`, `jobs`. All below `widgets` work without Qt, and none of
them imports napari when it is loaded.
"""
