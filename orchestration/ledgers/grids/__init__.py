"""Files as grids of printed text, one module or package a format: what a person sees in each cell, and nothing of what
it means. ``orchestration.ledgers.spreadsheet`` is the door; contracts, headers and values do not belong here.
"""
