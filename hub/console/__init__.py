"""One plain page, rendered here: is tonight ready? No SQL, no rule, no script."""
