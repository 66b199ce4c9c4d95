"""Tools for assistants over the Model Context Protocol: files, recordings and the state of this computer."""
