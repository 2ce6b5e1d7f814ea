"""The command line: one module a command. Parses, calls, shows; decides nothing."""
