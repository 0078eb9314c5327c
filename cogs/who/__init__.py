"""Who is this? By command, message, reply, menu and in watched channels."""
