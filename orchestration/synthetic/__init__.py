"""Generated entries and provinces, labelled as such, for tests and benchmarks.

What does not belong here: anything that a real year needs.
"""
