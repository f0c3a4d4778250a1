"""The province: all departments of a year side by side, from what each has published. What does not belong here: how a
department's own year is built, and how the province is shown.
"""
