"""What operators see: a line for each request, logs of one form, and figures for /metrics."""
