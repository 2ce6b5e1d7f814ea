"""How systems are reached: connections and what runs of each, ways, gates, papers, shares between processes."""
