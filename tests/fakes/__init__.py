"""Others' servers, as far as we use them."""
