"""Exact linear arithmetic: numbers, rows, simplex, whole numbers, regions.

What does not belong here: ledgers, prints, Chinese, which cells to free.
"""
