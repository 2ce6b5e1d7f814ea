"""Looks at what stands: health, reconciling, the nightly sweep."""
