"""GraphQL at ``/graphql``: the documents of the EV Backend, on the services of everything else."""
