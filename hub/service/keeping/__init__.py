"""What keeps the hub itself safe: its API keys, its sealing keys, and its backups."""
