"""What a booking asks for: read and prepared outside the writer, kept, and held against what it asked before."""
