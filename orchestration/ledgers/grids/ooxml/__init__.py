"""Excel's own files since 2007 (.xlsx, .xlsm), read as a stream of their XML: values as stored, with the format, the
hidden rows and the merged ranges that say how they print. Macros, external links and drawings are never opened.

One pass and no object a cell, and every part is bounded before it is unpacked. What a format shows is ``formats``.

One module a kind of part: the ``workbook`` and what it lists, its ``texts``, its ``styles``, each ``worksheet``.
"""
