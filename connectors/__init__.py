"""One package for each kind of external system; they import `hub.sdk` and `hub.model`, and never one another."""
