"""Echo client for WebSocket conformance suites, made of the firmware's own client."""
