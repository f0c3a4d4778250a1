"""Where a figure comes from and what it would have to be; and the row that corrects it.

What does not belong here: judging and localising, which are asked, not done again.
"""
