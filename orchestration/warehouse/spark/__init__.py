"""Apache Spark as an engine of the models and of entries. Needs the extra ``spark``."""
