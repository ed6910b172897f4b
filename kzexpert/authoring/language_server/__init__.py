"""``kzexpert lsp``: what an editor shows and does beside the text of a base. Only `server` knows the protocol."""
