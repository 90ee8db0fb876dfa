"""The local AWS: a Redshift stand-in, S3 and its neighbours, sample data, Airflow, and their command line."""
