"""Pages: one module per screen; each view loads what the person may see, calls one action, renders."""
