"""Published documents (text, DOCX, PDF) as grids, sentences and claims, each figure with its page and place; and the
document marked (``marks``) or written out as a year's ledgers (``writing``).

What does not belong here: how a figure is read, what a table must look like (``ledgers``), what must hold (``rules``),
and whether it does: what is found here goes through the same contracts, rules and judge as any ledger.
"""
