"""Workers that reach the broker through the gateway: tunnel, accounts, permitted commands."""
