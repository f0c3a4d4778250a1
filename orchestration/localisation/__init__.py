"""Which cells are wrong, given the rules that are broken: error localisation, slips, patterns, findings.

What does not belong here: reading and writing builds (``warehouse``), entries behind the figures (``entries``).
"""
