"""Where finished conversations come from: one module a source."""
