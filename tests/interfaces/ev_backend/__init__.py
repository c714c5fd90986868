"""The EV Backend: the documents of its README on ``/graphql``, over HTTP and both sockets."""
