"""Sessions under disorder: true histories, how they are carried, and what has to be stored."""
