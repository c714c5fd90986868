"""Stories over real sockets, from the tap of a card to what REST and the admin show of it."""
