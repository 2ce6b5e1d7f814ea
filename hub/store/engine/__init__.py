"""The databases behind one small surface: connections, the writer that commits in groups, walls, bells, migrations."""
