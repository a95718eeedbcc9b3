"""What a project demands of a task, and the sealed decisions that follow from it."""
