"""Independent clients as judges: nothing in here imports anything of ours."""
