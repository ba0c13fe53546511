"""Made-up conversations, as many as one likes: for benchmarks, and for whoever wants to see the product full."""
