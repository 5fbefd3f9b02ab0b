"""What goes over the wire, as the contract has it; one module a noun."""
