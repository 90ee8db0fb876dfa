"""The questions that the star schema exists for, their answers as tables and as charts.

The questions are the files of `include/sql/reports/`. `make report` asks the sandbox, `python -m include.reports
--connection ID` any warehouse that Airflow has a connection to.
"""
