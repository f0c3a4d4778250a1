"""Which file, month or line is wrong where entries disagree with print.

What does not belong here: summing entries (``entries``), suspecting printed cells (``localisation``).
"""
