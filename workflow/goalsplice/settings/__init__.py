"""What a configuration means: schema, phases, runs, edits of one's own, environment. Light; it imports `io` alone."""
