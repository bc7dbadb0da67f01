"""Where attributes go: one module a writer."""
