"""The canary: secrets that no other run has are told to a whole hub, and then looked for wherever they must not be.

`planted.py` makes them, `town.py` is the municipality, `counterparts.py` its systems, which tell back what they were
told, `story.py` what happens, `hearing.py` what was to be heard of it, `looking.py` what may be seen where, and
`searching.py` how it is searched. `leaks.toml` has changes of the hub that leak; the same search must find each.
"""
