"""The product in a real browser: web server, worker and sandbox as processes of their own, asserted at the sandbox."""
