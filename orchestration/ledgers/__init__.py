"""From files to cells: contracts, grids of every format, exact figures, corrections and exceptions.

What does not belong here: what must hold between figures (``rules``), where cells are kept (``warehouse``).
"""
