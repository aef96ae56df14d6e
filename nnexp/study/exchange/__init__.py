"""Results that travel: runs and sweeps in one file that anyone can read, check and train again."""
