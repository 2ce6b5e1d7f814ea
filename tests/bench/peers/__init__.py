"""`make bench PEERS=1`: the hub beside others that do its work, each well set up, in turn in one run."""
