"""Quality of recognition of the whole product, compared with the decode of the whole recording."""
