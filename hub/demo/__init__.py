"""A day in tennishallen, played in accelerated time against simulated systems, and held against what should be."""
