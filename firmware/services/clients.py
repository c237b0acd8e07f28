"""Makes what a connection to the central system needs, from the settings."""

from firmware.net.websocket_client import WebSocketClient
from firmware.on_demand import load
from firmware.storage.files import read_bytes


class Clients:
    """`client` and `tls` are what services/central_system.py is handed."""

    def __init__(self, settings: "Settings", log: "Log") -> None:
        self.network = None  # the Link, where there is one
        self._settings = settings
        self._log = log

    def client(self) -> WebSocketClient:
        """A fresh WebSocket client."""
        made = WebSocketClient(max_message=self._settings.max_message_bytes, log=self._log)
        if self.network:
            made.name_server = self.network.name_server()
        return made

    def tls(self) -> "SSLContext":
        """A TLS context of the files on flash. Raises ChargerError."""
        settings = self._settings
        return load("firmware.net.tls").context(
            read_bytes(settings.ca_file),
            read_bytes(settings.client_cert_file),
            read_bytes(settings.client_key_file),
            insecure=settings.tls_insecure,
        )
