"""HTTP: one router per noun. Parses, calls a use case, answers; decides nothing."""
