"""Settings of every way to run; the environment decides the values (env.py)."""
