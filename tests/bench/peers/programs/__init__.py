"""What the others run: programs of an environment of their own (.venv-peers), which the hub knows nothing of."""
