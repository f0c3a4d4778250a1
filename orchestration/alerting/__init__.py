"""Who is told what, through which channel, and whether it arrived.

What does not belong here: deciding that a year has failed.
"""
