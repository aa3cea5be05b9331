"""A study in print: tables, figures, a page and results.json."""
