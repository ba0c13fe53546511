"""Start, supervise and stop the processes of the product together: `manage.py serve`."""
