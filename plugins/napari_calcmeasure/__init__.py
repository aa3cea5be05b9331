"""The napari plugin: a thin shell over calcmeasure.

Floors, top to bottom: `widgets` (the only door to Qt) · `session`, `reader`, `samples` · `hanging` · `drawings`,
`cases` · `layers` · `wording`. All below `widgets` work without Qt, and none of them imports napari when it is loaded.
"""
