"""What an unknown table is: its figures, the relations between them, its header, keys and totals, and the contract and
rules that say so. Knows grids of text; what does not belong here: the judge (a drafted rule is judged like any other),
the command, and files other than those that a draft is written to.
"""
