"""Who did what to which row, append-only."""
