"""How readers agree, written down: tables of numbers, figures, and a page for people."""
