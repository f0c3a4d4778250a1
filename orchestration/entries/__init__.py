"""Ledgers of single entries: their contracts, their files, their sums.

What does not belong here: which entry is wrong (``entries.diagnosis``), synthetic ones (``synthetic``).
"""
