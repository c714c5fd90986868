"""Who is limited to some sites: what they see and do of them, and nothing else."""
