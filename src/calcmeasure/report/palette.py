"""Colours of every picture: the colour-blind safe set of Okabe and Ito, on a reading-room background.

Okabe M, Ito K. Color Universal Design (2008). Colour never carries meaning alone: shapes, dashes or words go with it.
"""

INK = "#101418"
"""Background of pictures."""
PAPER = "#e8ecef"
"""Text on the background."""
GREY = "#8c959c"
AMBER = "#e69f00"
"""Calipers and what is measured."""
SKY = "#56b4e9"
"""Marks and outlines."""
GREEN = "#009e73"
"""Hulls."""
BLUE = "#0072b2"
YELLOW = "#f0e442"
ORCHID = "#cc79a7"
"""Reddish purple of the set."""
VERMILION = "#d55e00"
"""The chosen phase."""
