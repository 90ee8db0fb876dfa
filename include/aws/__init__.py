"""The pipeline on AWS: a CloudFormation template, and what leads from a stack to an Airflow (include/docs/aws.md)."""
