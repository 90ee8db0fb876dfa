"""What became of every hour, and what needs a person: the facts, for the page in Airflow's UI and for the terminal.

They come from four places: the books in the warehouse (what is published), the source's listing in S3 (what there is to
publish), Airflow's metadata (what runs, failed or is due), and the alerts' journal (what was told).
"""

DAG_ID = "sparkify"
WAREHOUSE_CONNECTION = "sparkify_redshift"

# What an hour can be, in the order in which it is told; a letter each, of which 24 tell a day.
STATES = {"loaded": "l", "empty": "e", "late": "t", "stale": "s", "failed": "f", "missing": "m"}
NOT_DUE = "."
