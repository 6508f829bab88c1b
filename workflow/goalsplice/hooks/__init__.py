"""What Snakemake's handlers say on the terminal: progress, and what failed. Light; it imports `io` alone."""
