"""Apache Spark as an engine of the models and of entries. Needs the extra ``spark``.

What does not belong here: which engine is used (``warehouse.engines``), and SQL of its own: the models are the same.
"""
