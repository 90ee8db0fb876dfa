"""From S3 to a star schema on Redshift: operators that any DAG can use, and the parts under them."""
