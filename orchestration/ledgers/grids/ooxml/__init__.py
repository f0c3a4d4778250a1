"""Excel's own files since 2007 (.xlsx, .xlsm, .xlsb), read as a stream of their XML or their records: values as stored,
with the format, the hidden rows and the merged ranges that say how they print. Macros, external links and drawings are
never opened.

One pass and no object a cell, and every part is bounded before it is unpacked. What a format shows is ``formats``.

``package`` and ``cells`` are of both kinds. Of XML: ``workbook``, ``texts``, ``styles`` and each ``worksheet``; of
records: ``records`` and ``binary``.
"""
