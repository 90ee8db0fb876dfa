"""What tasks read and wrote, for OpenLineage. Needs its provider: operators import from here only when that asks them.

The datasets are named as people know them, not as a run happens to: the schemas that runs work in, which are dropped
afterwards, count as one, ``<star>_run``, and the objects of a feed as one, their prefix. Otherwise each hour would add
tables and files to the lineage that nobody ever sees again. Which schema and objects a run had is in facets.
"""
