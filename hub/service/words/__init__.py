"""What the hub says in words: of states, of carryings, of problems; in Swedish and English."""
