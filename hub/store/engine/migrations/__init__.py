"""What changes the schema, in order."""
