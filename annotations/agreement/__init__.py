"""How far people agree: statistics, snapshots of them, and the tables they are computed from."""
