"""What every slice shares: permits, errors, state moves, sealed rows, ids. No models of its own."""
