"""Documents that are to be registered, and the applications that they come in by."""
