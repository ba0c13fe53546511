"""One running product mirrors another one over HTTP."""
