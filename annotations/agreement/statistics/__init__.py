"""Agreement, accuracy and their uncertainty: pure functions of tables of ratings, in numpy and scipy."""
