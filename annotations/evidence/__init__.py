"""What containers proved: check runs, their results, and the evidence they left."""
