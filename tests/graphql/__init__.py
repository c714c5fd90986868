"""GraphQL: who sees what, what a document may ask for, and how errors are told."""
