"""The only door to pydicom: files in, frozen values out.

Importing it keeps pydicom's log messages inside: they quote header values, which may name a patient. To see them, give
the logger ``pydicom`` a handler of your own.
"""

import logging

# Not by level: pydicom sets the level of its logger when it is imported, which happens later.
_quiet = logging.getLogger("pydicom")
_quiet.addHandler(logging.NullHandler())
_quiet.propagate = False
