"""Cases judged blind by N people, and the final verdicts that settle them."""
