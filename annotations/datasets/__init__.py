"""Named lines of releases, and their export in forms that training stacks load."""
