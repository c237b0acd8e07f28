"""The network side: WebSocket client, TLS, links and the clock."""
