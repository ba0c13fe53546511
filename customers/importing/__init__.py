"""People from a CSV file: read, judged without changing anything, shown, and worked off when a person says so."""
