"""What operators see and decide: problems, deliveries, findings, connections, whether it is all true."""
