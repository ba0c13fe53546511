"""People as a CSV file, for spreadsheet programs and for our own import."""
