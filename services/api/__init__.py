"""The control plane over HTTP: one module a noun, `server.build` puts them together."""
