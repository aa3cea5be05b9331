"""How well calcifications are found on phantoms: matching, free-response curves with intervals, extents, figures."""
