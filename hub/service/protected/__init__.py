"""Protected persons: what is erased when one turns out to be, and what may be shown with a reason."""
