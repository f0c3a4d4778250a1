"""The self-evaluation report of a published version: fields, forms, document, workbook, page.

What does not belong here: builds and ledgers; a report reads a version and nothing else. (``review`` is what an auditor
gets of a *document* that was checked: it reads that check's build.)
"""
