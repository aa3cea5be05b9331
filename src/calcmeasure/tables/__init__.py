"""Tables of other programs: CSV text in any usual encoding, separator and locale, and sheets of a workbook.

A cell stays text until somebody asks for a number, so that every complaint can name its line and column.
"""

from __future__ import annotations

from calcmeasure.tables.cells import FORMULA_STARTS as FORMULA_STARTS
from calcmeasure.tables.cells import as_number as as_number
from calcmeasure.tables.cells import as_text_cell as as_text_cell
from calcmeasure.tables.cells import text_of_cell as text_of_cell
from calcmeasure.tables.rows import Line as Line
from calcmeasure.tables.rows import Row as Row
from calcmeasure.tables.rows import cells_of as cells_of
from calcmeasure.tables.text import FIND_OUT as FIND_OUT
from calcmeasure.tables.text import TextFormat as TextFormat
from calcmeasure.tables.text import TextTable as TextTable
from calcmeasure.tables.text import read_text_table as read_text_table
