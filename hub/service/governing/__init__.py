"""What a municipality decides: its configuration's versions, closures, and a season rehearsed against them."""
