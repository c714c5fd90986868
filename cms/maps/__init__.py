"""Maps: which sites have a connector that suits somebody, and how many of those are free."""
