"""The province's page and workbook: made from a province build and nothing else. What does not belong here: what is
counted, compared and ranked, which is the build's.
"""
