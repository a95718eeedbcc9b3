"""What stands behind `./dev`: set up the environment, run every process, keep it alive, take it down."""
