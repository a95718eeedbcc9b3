"""People, projects, who is what in which project, and API tokens."""
