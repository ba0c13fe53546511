"""What a load balancer and a monitoring system ask: /healthz, /readyz, /metrics."""
