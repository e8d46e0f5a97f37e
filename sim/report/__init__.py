"""The report of a result folder: tables, figures and one page, from what the folder holds."""
