"""Side by side: nnexp and what a user would use instead (`make bench`)."""
